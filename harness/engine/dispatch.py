"""The work of one node or cell: its artifact in the store, its folder in the study."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from harness._plugins.manager import source_sha256
from harness.engine import chunks, pictures
from harness.engine.remote import ProgressForwarder, StageJob, Tell, session_of
from harness.engine.session import Session
from harness.engine.stages import embed, generate, place, score, train
from harness.engine.unchanged import changes
from harness.errors import DataError
from harness.plan.nodes import KIND_OF_STAGE, Node, Plan, PlannedCell, ResolvedComponent
from harness.process.machine import machine
from harness.results.schema import Result


def make_node(session: Session, node: Node) -> None:
    """Make the artifact of a node if it is not there, taking up what was interrupted."""

    def make(folder: Path) -> dict[str, Any]:
        fresh, start = not any(folder.iterdir()), time.perf_counter()
        with session.kernels():
            facts = _stage(session, node, folder)
            facts["machine"] = machine()
        _require_unchanged(session, node, folder, facts)
        if fresh:  # of a stage that was taken up again only a part is known
            facts["wall_s"] = round(time.perf_counter() - start, 3)
        if node.chosen is not None:
            module = node.chosen.provided.component.target.partition(":")[0]
            facts["source_sha256"] = source_sha256(module)
        return facts

    session.store.build(
        KIND_OF_STAGE[node.stage], node.key, node.parts, make, waiting=session.progress.line
    )


def _require_unchanged(session: Session, node: Node, folder: Path, facts: dict[str, Any]) -> None:
    """Discard a face set whose source changed meanwhile; warn of other stages, which cost more."""
    found = list(changes(session, _readers(session.plan, node)))
    if found and node.stage == "generate":
        for item in folder.iterdir():  # else it would be taken up if the old data came back
            shutil.rmtree(item) if item.is_dir() else item.unlink()
        raise DataError(f"{found[0]}; what was made of it is discarded, run the same command again")
    if found:
        told = [f"{text}: what was read may be other data; run again" for text in found]
        facts["warnings"] = [*facts.get("warnings", ()), *told]


def _readers(plan: Plan, node: Node) -> list[ResolvedComponent]:
    """The components of a stage that read outside data while it works."""
    own = [] if node.chosen is None else [node.chosen]
    if node.stage == "train":
        phase = node.training
        return own + [source.chosen for source in phase.sources] if phase and phase.stream else own
    if node.stage == "generate":
        return own
    cell = owner_of(plan, node) if node.stage == "place" else cell_of(plan, node)
    if cell is None:
        return []
    return [cell.benchmark, cell.model] if node.stage == "embed" else [cell.benchmark]


def _stage(session: Session, node: Node, folder: Path) -> dict[str, Any]:
    if node.stage == "generate":
        return generate.run(node, session, folder)
    if node.stage == "place":
        return place.run(node, owner_of(session.plan, node), session, folder)
    if node.stage == "train":
        sheet = pictures.inputs_sheet(session, node)
        session.progress.line(f"{'':>8}  aligned inputs: {sheet}")
        return train.run(node, session, folder)
    return embed.run(node, _cell_of(session.plan, node), session, folder)


def is_shared_out(session: Session, node: Node) -> bool:
    """Whether a node is made in shards or parts that go to the executor themselves."""
    if node.stage == "place":
        return len(place.Placing(session, node, owner_of(session.plan, node))) > 1
    if node.stage == "embed":
        return len(embed.Embedding(session, node, _cell_of(session.plan, node))) > 1
    return node.stage == "generate"


def node_elsewhere(job: StageJob, tell: Tell) -> None:
    """Make the artifact of a node."""
    chunks.forget()
    make_node(session_of(job, ProgressForwarder(tell)), job.plan.nodes[job.key])


def cell_elsewhere(job: StageJob, tell: Tell) -> Result:
    """Score a cell."""
    chunks.forget()
    session = session_of(job, ProgressForwarder(tell))
    cell = next(cell for cell in job.plan.cells if cell.key == job.cell)
    folder = job.folder / "cells" / cell.folder
    return score.run(cell, session, folder, dict(job.cost))


def owner_of(plan: Plan, node: Node) -> PlannedCell | None:
    """The last cell whose benchmark the images of a place node belong to."""
    return next((c for c in reversed(plan.cells) if c.keys["placements"] == node.key), None)


def cell_of(plan: Plan, node: Node) -> PlannedCell | None:
    """The last cell that an embed node belongs to."""
    return next((c for c in reversed(plan.cells) if c.keys["embeddings"] == node.key), None)


def component_of(node: Node, cell: PlannedCell | None) -> ResolvedComponent | None:
    """The component that computes a stage."""
    return cell.model if cell and node.stage == "embed" else node.chosen


def _cell_of(plan: Plan, node: Node) -> PlannedCell:
    cell = cell_of(plan, node)
    assert cell is not None, "embed nodes always belong to a cell"
    return cell
