"""The work of one node or cell: its artifact in the store, its folder in the study."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from harness._plugins.targets import source_sha256
from harness.engine import chunks, pictures
from harness.engine.job import Job
from harness.engine.remote import ProgressForwarder, Tell, hear, needs_of
from harness.engine.session import Session
from harness.engine.stages import embed, generate, measure, place, score, train
from harness.engine.unchanged import changes
from harness.errors import DataError
from harness.plan.nodes import KIND_OF_STAGE, Node, PlannedCell, ResolvedComponent
from harness.process.machine import machine
from harness.results.schema import Result

STAGES: Mapping[str, ModuleType] = {
    "generate": generate, "place": place, "train": train, "embed": embed,
    "measure": measure,
}  # fmt: skip
SPLIT: Mapping[str, type[chunks.Split]] = {"place": place.Placing, "embed": embed.Embedding}
"""Stages over images, which may be made in parts."""


def make(session: Session, node: Node) -> None:
    """Make the artifact of a node, here or where the executor has room for it."""
    if session.executor.remote and not is_shared_out(session, node):
        _elsewhere(session, node_elsewhere, session.job.only(node), needs_of(session.plan, node))
    else:
        make_node(session, node)


def score_cell(session: Session, cell: PlannedCell, cost: Mapping[str, float]) -> Result:
    """Score a cell, with the seconds that each stage took, here or elsewhere."""
    if session.executor.remote:
        shared = session.job.only_cell(cell), dict(cost)
        result: Result = _elsewhere(session, cell_elsewhere, shared, {})
        return result
    return score.run(cell, session, session.folder / "cells" / cell.folder, cost)


def _elsewhere(session: Session, task: Any, shared: Any, needs: Mapping[str, float]) -> Any:
    session.progress.queued()
    return session.executor.run_stage(task, shared, needs, hear(session.progress))


def make_node(session: Session, node: Node) -> None:
    """Make the artifact of a node if it is not there, taking up what was interrupted."""

    def make(folder: Path) -> dict[str, Any]:
        session.progress.begun()  # nobody else is waited for any longer
        fresh, start = not any(folder.iterdir()), time.perf_counter()
        with session.kernels():
            facts = _stage(session, node, folder)
            facts["machine"] = machine()
        _require_unchanged(session, node, folder, facts)
        if fresh:  # of a stage that was taken up again only a part is known
            facts["wall_s"] = round(time.perf_counter() - start, 3)
        if node.worker is not None:
            module = node.worker.provided.component.target.partition(":")[0]
            facts["source_sha256"] = source_sha256(module)
        return facts

    session.store.build(
        KIND_OF_STAGE[node.stage], node.key, node.parts, make, waiting=session.progress.waits
    )


def _require_unchanged(session: Session, node: Node, folder: Path, facts: dict[str, Any]) -> None:
    """Discard a face set whose source changed meanwhile; warn of other stages, which cost more."""
    found = list(changes(session, _readers(node)))
    if found and node.stage == "generate":
        for item in folder.iterdir():  # else it would be taken up if the old data came back
            shutil.rmtree(item) if item.is_dir() else item.unlink()
        raise DataError(f"{found[0]}; what was made of it is discarded, run the same command again")
    if found:
        told = [f"{text}: what was read may be other data; run again" for text in found]
        facts["warnings"] = [*facts.get("warnings", ()), *told]


def _readers(node: Node) -> list[ResolvedComponent]:
    """The components of a stage that read outside data while it works."""
    if node.stage in SPLIT:
        known = [node.benchmark, node.worker if node.stage == "embed" else None]
        return [one for one in known if one is not None and node.benchmark is not None]
    own = [] if node.worker is None else [node.worker]
    phase = node.training
    return own + [source.chosen for source in phase.sources] if phase and phase.stream else own


def _stage(session: Session, node: Node, folder: Path) -> dict[str, Any]:
    if node.stage == "train":
        sheet = pictures.inputs_sheet(session, node)
        session.progress.line(f"{'':>8}  aligned inputs: {sheet}")
    facts: dict[str, Any] = STAGES[node.stage].run(node, session, folder)
    return facts


def is_shared_out(session: Session, node: Node) -> bool:
    """Whether a node is made in shards or parts that go to the executor themselves."""
    if node.stage in SPLIT:
        return len(SPLIT[node.stage](session, node)) > 1
    return node.stage == "generate"


def node_elsewhere(job: Job, tell: Tell) -> None:
    """Make the artifact of the job's node."""
    chunks.forget()
    (node,) = job.plan.nodes.values()
    make_node(Session.open(job, ProgressForwarder(tell)), node)


def cell_elsewhere(task: tuple[Job, dict[str, float]], tell: Tell) -> Result:
    """Score the job's cell, with the seconds that each stage took."""
    chunks.forget()
    job, cost = task
    (cell,) = job.plan.cells
    session = Session.open(job, ProgressForwarder(tell))
    return score.run(cell, session, job.folder / "cells" / cell.folder, cost)
