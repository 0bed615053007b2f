"""Whole stages in another process, perhaps on another machine: what travels, and what is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.components import Component
from harness.progress import Progress
from harness.registry import import_files, load
from harness.study.planned import Cell, Node, Plan
from harness.study.result import Result
from harness.study.session import Session
from harness.study.stages import score
from harness.study.store import Store
from harness.study.work import make_node

Tell = Callable[[Any], None]
TOLD_EVERY_S = 0.5


@dataclass(frozen=True)
class StageJob:
    """A node or a cell of a plan to be made elsewhere, in the same store and study folder."""

    plan: Plan
    home: Path
    folder: Path
    jobs: int
    processes: int
    plugin_files: tuple[Path, ...]
    switched_off: tuple[str, ...] = ()
    key: str = ""
    cell: str = ""
    cost: tuple[tuple[str, float], ...] = ()


class Relay(Progress):
    """Sends what a stage shows to whoever waits for it."""

    def __init__(self, tell: Tell) -> None:
        super().__init__(quiet=True)
        self._tell, self._told = tell, 0.0

    def __call__(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """Pass on how far the stage is, not more often than a person can read."""
        now = time.monotonic()
        if done >= total or now - self._told > TOLD_EVERY_S:
            self._told = now
            self._tell(["progress", int(done), int(total), unit, detail])

    def line(self, text: str) -> None:
        """Pass on a line."""
        self._tell(["line", text])


def hear(progress: Progress) -> Tell:
    """Shows what a :class:`Relay` sends."""

    def heard(message: Any) -> None:
        kind, *values = message
        if kind == "progress":
            progress(*values)
        else:
            progress.line(*values)

    return heard


def node_elsewhere(job: StageJob, tell: Tell) -> None:
    """Make the artifact of a node."""
    session = _session(job, tell)
    make_node(session, job.plan.nodes[job.key])


def cell_elsewhere(job: StageJob, tell: Tell) -> Result:
    """Score a cell."""
    session = _session(job, tell)
    cell = next(cell for cell in job.plan.cells if cell.key == job.cell)
    folder = job.folder / "cells" / cell.folder
    return score.run(cell, session, folder, dict(job.cost))


def _session(job: StageJob, tell: Tell) -> Session:
    import_files(job.plugin_files)
    return Session(
        job.plan,
        Store(job.home, shared=True),
        job.folder,
        Relay(tell),
        job.jobs,
        job.plugin_files,
        registry=load(disabled=job.switched_off, plugins_dirs=job.plugin_files),
        processes=job.processes,
    )


def needs_of(plan: Plan, node: Node, cell: Cell | None) -> dict[str, float]:
    """Resources a stage needs: those its component declares, and a GPU where one works."""
    chosen = cell.model if cell is not None and node.stage == "embed" else node.chosen
    if chosen is None:
        return {}
    component: Component = chosen.provided.component
    needs: Mapping[str, float] = component.resources
    uses_gpu = plan.device.startswith("cuda") and node.stage in ("place", "train", "embed")
    return {**needs, **({"GPU": 1.0} if uses_gpu else {})}
