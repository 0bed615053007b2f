"""The log of a study: one JSON object per line, only ever appended; and those who watch it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.lifecycle import (
    CellFinished,
    StageFinished,
    StageStarted,
    Status,
    StudyFinished,
    StudyStarted,
)

if TYPE_CHECKING:
    from harness.engine.runner import RunOutcome
    from harness.plan.nodes import Plan

Tell = Callable[..., object]
"""Called with the name of a hook and its argument, as ``Registry.call``."""

_STATUS: Mapping[str, Status] = {
    "finished": "made",
    "reused": "reused",
    "failed": "failed",
    "skipped": "skipped",
}


def nobody(hook: str, **argument: Any) -> None:
    """Tells nobody."""


class Events:
    """Appends to ``events.jsonl`` and tells the plugins that watch."""

    def __init__(self, folder: Path, tell: Tell = nobody) -> None:
        self._file = folder / "events.jsonl"
        self._tell, self._turn = tell, threading.RLock()

    def tell(self, hook: str, **argument: Any) -> None:
        """Tell the plugins that watch, one at a time."""
        with self._turn:
            self._tell(hook, **argument)

    def add(
        self, event: str, stage: str, key: str, label: str, component: str = "", **more: Any
    ) -> None:
        """Append one event; a single short write, so that two processes cannot mix lines."""
        told = {"component": component} if component else {}
        self._append(event, stage=stage, key=key, label=label, **told, **more)
        if event == "started":
            started = StageStarted(stage, key, label, component)
            self.tell("harness_stage_started", stage=started)
        else:
            finished = StageFinished(
                stage=stage,
                key=key,
                label=label,
                component=component,
                status=_STATUS[event],
                wall_s=more.get("wall_s", 0.0),
                message=more.get("message", more.get("because", "")),
            )
            self.tell("harness_stage_finished", stage=finished)

    def damaged(self, message: str) -> None:
        """Append that an artifact was damaged, and where it was moved."""
        self._append("damaged", stage="", key="", label="", message=message)

    def executor(self, message: str) -> None:
        """Append what happened to a worker or a cluster."""
        self._append("executor", stage="", key="", label="", message=message)

    def _append(self, event: str, **more: Any) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        record = {"time": now, "event": event, **more}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        self.tell("harness_on_event", event=record)

    def cell(self, cell: CellFinished) -> None:
        """Tell that a cell has its result."""
        self.tell("harness_cell_finished", cell=cell)


@contextmanager
def told(
    plan: Plan, folder: Path, events: Events, executor: str, outcome: RunOutcome
) -> Iterator[None]:
    """Tell when a study starts and that it ended, whatever ended it."""
    start, name = time.perf_counter(), plan.study.name
    started = StudyStarted(
        name=name,
        folder=folder,
        settings=plan.study.model_dump(mode="json"),
        device=plan.device,
        precision=plan.precision,
        executor=executor,
        stages=tuple(f"{node.stage} {node.label}" for node in plan.nodes.values()),
        cells=tuple(cell.label for cell in plan.cells),
    )
    events.tell("harness_study_started", study=started)
    interrupted = True
    try:
        yield
        interrupted = False
    finally:
        finished = StudyFinished(
            name=name,
            folder=folder,
            cells=len(outcome.results),
            failures=tuple(f"{f.stage} {f.label}: {f.message}" for f in outcome.failures),
            interrupted=interrupted,
            wall_s=round(time.perf_counter() - start, 3),
        )
        events.tell("harness_study_finished", study=finished)
