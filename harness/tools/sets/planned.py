"""A network, a detector and raters for face sets that no recipe names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness._plugins.registry import Registry
from harness.components import Kind
from harness.engine.opener import ComponentOpener
from harness.plan.device import resolve_device
from harness.plan.nodes import ResolvedComponent
from harness.plan.planner import Planner
from harness.progress import Progress
from harness.recipe.resolve import Recipe, StudyTable, Use
from harness.recipe.tables import ModelUse
from harness.store.artifacts import Store
from harness.tools.sets.embed_set import SetEmbedder

Table = Mapping[str, Any]
"""A component as in a recipe: its name under ``use``, and its parameters."""


@dataclass(frozen=True)
class SetTools:
    """What opens components in a store, an embedder where there is a model, and the rest."""

    opener: ComponentOpener
    embedder: SetEmbedder | None
    aligner: ResolvedComponent | None
    chosen: Sequence[ResolvedComponent]


def set_tools(
    registry: Registry,
    store: Store,
    wanted: Sequence[tuple[Kind, Table]],
    *,
    model: Table | None,
    aligner: Table | None,
    device: str,
    progress: Progress,
) -> SetTools:
    """Resolve all of them in one go; raises PrerequisiteError that names every missing asset."""
    recipe = Recipe(
        study=StudyTable(device=resolve_device(device)),
        model=[ModelUse.model_validate(model)] if model else [],
        aligner=Use.model_validate(aligner) if aligner else None,
    )
    planner = Planner(registry, store, recipe)
    chosen = [planner.choose(kind, Use.model_validate(table)) for kind, table in wanted]
    network = planner.choose("model", recipe.model[0]) if recipe.model else None
    finder = planner.choose("aligner", recipe.aligner) if recipe.aligner else None
    planner.require_assets()
    opener = ComponentOpener(store, recipe.study, device=planner.device, progress=progress)
    embedder = SetEmbedder(opener, network, finder) if network else None
    return SetTools(opener, embedder, finder, chosen)
