"""Files that a generator writes beside faces, made from what its faces would be made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness._plugins.registry import Registry
from harness.plan.nodes import Node, Plan
from harness.plan.planner import Planner
from harness.progress import Progress
from harness.recipe.resolve import Recipe, StudyTable
from harness.recipe.tables import Faces
from harness.store.artifacts import Store
from harness.tools import scratch


def write_product(
    registry: Registry,
    store: Store,
    generator: str,
    name: str,
    *,
    params: Mapping[str, Any],
    study: StudyTable,
    out: Path,
    progress: Progress,
    jobs: int,
    plugin_files: tuple[Path, ...] = (),
) -> tuple[str, list[str]]:
    """Write the product ``name`` of a generator to ``out``: what was made, and notes to it.

    The face sets that the generator asks for are made or found, it prepares as for its own faces,
    and makes none. Raises ``PrerequisiteError`` naming every missing asset.
    """
    use = Faces.model_validate({**params, "use": generator})
    plan = Planner(registry, store, Recipe(study=study, generator=[use])).plan()
    own = _own_node(plan)
    nodes = {key: node for key, node in plan.nodes.items() if node is not own}
    inputs = replace(plan, nodes=nodes)
    made = scratch.made(inputs, store, progress=progress, jobs=jobs, plugin_files=plugin_files)
    with made as session, session.kernels():
        opened, ctx = session.generator(own)
        return opened.write_product(name, out), ctx.notes


def _own_node(plan: Plan) -> Node:
    """The set that nothing else is made from."""
    inputs = {key for node in plan.nodes.values() for key in node.inputs.values()}
    (own,) = [node for key, node in plan.nodes.items() if key not in inputs]
    return own
