"""Running a plan: missing stages in order, then each cell; a failure stops only what needs it."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.files import write_text
from harness.registry import source_sha256
from harness.study import media
from harness.study.events import Events
from harness.study.plan import KIND_OF_STAGE, Cell, Node, Plan
from harness.study.result import Result
from harness.study.session import Session
from harness.study.stages import embed, generate, place, score, train


@dataclass(frozen=True)
class Failure:
    """A stage that failed: what, why, and where the details are."""

    label: str
    stage: str
    message: str
    log: Path | None
    error: Exception


@dataclass
class Outcome:
    """What a run made."""

    results: list[Result] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    face_sets: list[tuple[str, str, Path]] = field(default_factory=list)  # label, key, sheet


class Runner:
    """Runs one plan in one study folder."""

    def __init__(self, session: Session, events: Events, *, fail_fast: bool = False) -> None:
        self.session, self.events, self.fail_fast = session, events, fail_fast
        self.outcome = Outcome()
        self._failed: dict[str, str] = {}  # node key -> label of the stage that failed
        self._cost: dict[str, float] = {}

    def run(self) -> Outcome:
        """Run everything the plan misses."""
        plan = self.session.plan
        owners = _owners(plan)
        cells = {cell.keys["embeddings"]: cell for cell in plan.cells}
        for node in plan.nodes.values():
            if self._stopped():
                break
            self._node(node, owners.get(node.key), cells.get(node.key))
        for cell in plan.cells:
            if self._stopped():
                break
            self._cell(cell)
        self.session.progress.close()
        return self.outcome

    def _stopped(self) -> bool:
        return self.fail_fast and bool(self.outcome.failures)

    def _node(self, node: Node, owner: Cell | None, cell: Cell | None) -> None:
        blocked = next((self._failed[k] for k in node.inputs.values() if k in self._failed), None)
        if blocked is not None:
            self._failed[node.key] = blocked
            return
        kind = KIND_OF_STAGE[node.stage]
        if self.session.store.find(kind, node.key):
            self.events.add("reused", node.stage, node.key, node.label)
            self.session.progress.line(f"{node.stage:>8}  {node.label}  reused")
        elif not self._make(node, kind, owner, cell):
            return
        if node.stage == "generate":
            sheet = media.face_sheet(self.session, node)
            self.outcome.face_sets.append((node.label, node.key, sheet))

    def _make(self, node: Node, kind: str, owner: Cell | None, cell: Cell | None) -> bool:
        def work(folder: Path) -> dict[str, Any]:
            if node.stage == "generate":
                return generate.run(node, self.session, folder)
            if node.stage == "place":
                return place.run(node, owner.benchmark if owner else None, self.session, folder)
            if node.stage == "train":
                sheet = media.inputs_sheet(self.session, node)
                self.session.progress.line(f"{'':>8}  aligned inputs: {sheet}")
                facts = train.run(node, self.session, folder)
                media.keep_history(self.session, node, folder)
                return facts
            assert cell is not None, "embed nodes always belong to a cell"
            return embed.run(node, cell, self.session, folder)

        def make(folder: Path) -> dict[str, Any]:
            facts = work(folder)
            if node.chosen is not None:
                module = node.chosen.provided.component.target.partition(":")[0]
                facts["source_sha256"] = source_sha256(module)
            return facts

        def stage() -> None:
            self.session.store.build(
                kind, node.key, node.parts, make, waiting=self.session.progress.line
            )

        return self._guarded(node.stage, node.key, node.label, stage, None)

    def _cell(self, cell: Cell) -> None:
        folder = self.session.folder / "cells" / cell.folder
        blocked = next((self._failed[k] for k in cell.keys.values() if k in self._failed), None)
        if blocked is not None:
            self.events.add("skipped", "score", cell.key, cell.label, because=blocked)
            return
        done = score.finished(folder)
        if done is not None:
            self.outcome.results.append(done)
            self.events.add("reused", "score", cell.key, cell.label)
            return

        def stage() -> None:
            result = score.run(cell, self.session, folder, self._cell_cost(cell))
            self.outcome.results.append(result)

        self._guarded("score", cell.key, cell.label, stage, folder)

    def _cell_cost(self, cell: Cell) -> dict[str, float]:
        nodes = self.session.plan.nodes
        return {
            nodes[key].stage: round(self._cost.get(key, 0.0), 3)
            for key in cell.keys.values()
            if key in nodes
        }

    def _guarded(
        self, stage: str, key: str, label: str, work: Callable[[], None], folder: Path | None
    ) -> bool:
        """Run one stage; a failure is recorded, never kept as a result."""
        self.session.progress.stage(f"{stage:>8}  {label}")
        self.events.add("started", stage, key, label)
        start = time.perf_counter()
        try:
            work()
        except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
            self.session.progress.close()
            self._fail(stage, key, label, error, folder)
            return False
        wall = time.perf_counter() - start
        self._cost[key] = wall
        self.session.progress.close()
        self.session.progress.line(f"{stage:>8}  {label}  done in {wall:.1f} s")
        self.events.add("finished", stage, key, label, wall_s=round(wall, 3))
        return True

    def _fail(
        self, stage: str, key: str, label: str, error: Exception, folder: Path | None
    ) -> None:
        message = one_sentence(error)
        where = folder or self.session.folder / "failures" / key[:12]
        number = len(list(where.glob("failed-*.json"))) + 1
        log: Path | None = where / f"failed-{number}.json"
        record = {
            "stage": stage,
            "key": key,
            "label": label,
            "error": type(error).__name__,
            "message": message,
            "traceback": "".join(traceback.format_exception(error)),
        }
        try:
            write_text(where / f"failed-{number}.json", json.dumps(record, indent=1) + "\n")
            self.events.add("failed", stage, key, label, message=message)
        except OSError:
            log = None  # the disk may be what failed; the terminal still says so
        self._failed[key] = label
        self.outcome.failures.append(Failure(label, stage, message, log, error))
        self.session.progress.line(f"{stage:>8}  {label}  FAILED: {message}")


def one_sentence(error: BaseException) -> str:
    """What to tell the user of an error."""
    if isinstance(error, HarnessError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{place}; nothing finished was lost, run the same command again"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _owners(plan: Plan) -> dict[str, Cell]:
    """Which cell's benchmark the images of a place node belong to."""
    return {cell.keys["placements"]: cell for cell in plan.cells}
