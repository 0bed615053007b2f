"""Work in another process, perhaps on another machine: what travels there, and what comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness._plugins.manager import import_files, load
from harness.components import Component
from harness.engine.session import Session
from harness.plan.nodes import Node, Plan, PlannedCell
from harness.progress import Progress
from harness.store.artifacts import Store

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


class ProgressForwarder(Progress):
    """Forwards the progress of a stage to the process that waits for it, with its own header."""

    def __init__(self, tell: Tell, head: Sequence[Any] = ("progress",)) -> None:
        super().__init__(quiet=True)
        self.tell, self._head, self._told = tell, head, 0.0
        tell(["begun"])

    def __call__(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """Pass on how far the stage is, not more often than a person can read."""
        now = time.monotonic()
        if done >= total or now - self._told > TOLD_EVERY_S:
            self._told = now
            self.tell([*self._head, int(done), int(total), unit, detail])

    def line(self, text: str) -> None:
        """Pass on a line."""
        self.tell(["line", text])


def hear(progress: Progress) -> Tell:
    """Shows what a :class:`ProgressForwarder` sends."""

    def heard(message: Any) -> None:
        kind, *values = message
        if kind == "progress":
            progress(*values)
        elif kind == "begun":
            progress.begun()
        else:
            progress.line(*values)

    return heard


def job_of(session: Session, plan: Plan, **which: Any) -> StageJob:
    """The job that makes a node or a cell of ``plan`` as this session would."""
    return StageJob(
        plan=plan,
        home=session.store.home,
        folder=session.folder.absolute(),
        jobs=session.jobs,
        processes=session.processes,
        plugin_files=tuple(file.absolute() for file in session.plugin_files),
        switched_off=session.registry.switched_off(),
        **which,
    )


def session_of(job: StageJob, progress: Progress) -> Session:
    """A session of this process for the job; its store is one that machines share."""
    import_files(job.plugin_files)
    return Session(
        job.plan,
        Store(job.home, shared=True),
        job.folder,
        progress,
        job.jobs,
        job.plugin_files,
        registry=load(disabled=job.switched_off, plugins_dirs=job.plugin_files),
        processes=job.processes,
    )


def needs_of(plan: Plan, node: Node, cell: PlannedCell | None) -> dict[str, float]:
    """Resources a stage needs: those its component declares, and a GPU where one works."""
    chosen = cell.model if cell is not None and node.stage == "embed" else node.chosen
    if chosen is None:
        return {}
    component: Component = chosen.provided.component
    needs: Mapping[str, float] = component.resources
    uses_gpu = plan.device.startswith("cuda") and node.stage in ("place", "train", "embed")
    return {**needs, **({"GPU": 1.0} if uses_gpu else {})}
