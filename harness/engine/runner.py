"""Running a plan: missing stages in order, then each cell; a failure stops only what needs it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness._plugins import timeouts
from harness.engine import details, dispatch, pictures
from harness.engine.event_log import Events
from harness.engine.failure_file import write_failure
from harness.engine.graph import soonest, together
from harness.engine.repair import Repair
from harness.engine.session import Session
from harness.engine.sets.kept import keep_measurement
from harness.engine.stages import score
from harness.errors import one_sentence
from harness.extensions import Setup
from harness.inputs import shown
from harness.lifecycle import CellFinished
from harness.packages import missing_package
from harness.plan.nodes import KIND_OF_STAGE, Node, Plan, PlannedCell, ResolvedComponent
from harness.process import signals
from harness.results import cells
from harness.results.measured.records import MeasurementRecord
from harness.results.schema import Result

SILENCE_S = 120.0
"""Seconds without a sign of life after which the component at work is named."""

AT_ONCE = 64
"""Stages in flight on a remote executor; each is a thread that waits."""


@dataclass(frozen=True)
class StageFailure:
    """A stage that failed: what, why, and where the details are."""

    label: str
    stage: str
    message: str
    log: Path | None
    error: BaseException
    key: str = ""


@dataclass
class RunOutcome:
    """What a run made."""

    results: list[Result] = field(default_factory=list)
    failures: list[StageFailure] = field(default_factory=list)
    measurements: list[MeasurementRecord] = field(default_factory=list)
    # label, key, contact sheet
    face_sets: list[tuple[str, str, Path]] = field(default_factory=list)


class Runner:
    """Runs one plan in one study folder."""

    def __init__(self, session: Session, events: Events) -> None:
        self.session, self.events = session, events
        self.outcome = RunOutcome()
        self._repair = Repair(session, self._node, events.damaged)
        self._failed: dict[str, str] = {}  # node key -> label of the stage that failed
        self._cost: dict[str, float] = {}

    def run(self) -> RunOutcome:
        """Run everything the plan misses."""
        plan = self.session.plan
        if self.session.executor.remote:
            self._run_together(plan)
        else:
            self._run_in_turn(plan)
        self._sort(plan)
        self.session.progress.close()
        return self.outcome

    def _run_in_turn(self, plan: Plan) -> None:
        """Every stage in the order of the plan, and each cell as soon as its inputs are there."""
        cells = {cell.key: cell for cell in plan.cells}
        needs = {key: set(cell.keys.values()) for key, cell in cells.items()}
        for key in soonest(plan.nodes, needs):
            if self._stopped():
                return
            if key in cells:
                self._cell(cells[key])
            else:
                self._node(plan.nodes[key])

    def _sort(self, plan: Plan) -> None:
        """Bring what was made into the order of the plan."""
        keys = [*plan.nodes, *(cell.key for cell in plan.cells)]
        order = {key: number for number, key in enumerate(keys)}
        self.outcome.results.sort(key=lambda result: order[result.id])
        self.outcome.measurements.sort(key=lambda record: order[record.id])
        self.outcome.failures.sort(key=lambda failure: order[failure.key])
        self.outcome.face_sets.sort(key=lambda face_set: order[face_set[1]])

    def _run_together(self, plan: Plan) -> None:
        """Every stage in a thread of its own that waits for the executor."""
        needs = {node.key: set(node.inputs.values()) for node in plan.nodes.values()}
        needs |= {cell.key: set(cell.keys.values()) for cell in plan.cells}
        by_key = {cell.key: cell for cell in plan.cells}

        def do(key: str) -> None:
            if key in by_key:
                self._cell(by_key[key])
            else:
                self._node(plan.nodes[key])

        with redirect_stdout(sys.stderr):  # else each thread would put back what another set
            together(
                needs,
                do,
                most=AT_ONCE,
                stopped=self._stopped,
                interrupt=self.session.executor.close,
            )

    def _stopped(self) -> bool:
        return self.session.job.options.fail_fast and bool(self.outcome.failures)

    def _node(self, node: Node) -> bool:
        """Make a node unless it is there; whether it is there now."""
        blocked = next((self._failed[k] for k in node.inputs.values() if k in self._failed), None)
        if blocked is not None:
            self._failed[node.key] = blocked
            if node.stage == "measure":  # nothing else is made from it that would be told of
                about = node.stage, node.key, node.label, _provider(node.worker)
                self.events.add("skipped", *about, because=blocked)
            return False
        kind = KIND_OF_STAGE[node.stage]
        if self.session.store.find(kind, node.key):
            self.events.add("reused", node.stage, node.key, node.label, _provider(node.worker))
            self.session.progress.line(f"{node.stage:>8}  {node.label}  reused")
            details.of_an_end(self.session, node.key, None)
        elif not self._make(node):
            return False
        self._repair.run(lambda: self._keep_media(node))
        return True

    def _keep_media(self, node: Node) -> None:
        """Keep pictures and histories of a stage in the study."""
        if node.stage == "train":
            folder = self.session.store.get(KIND_OF_STAGE[node.stage], node.key).folder
            pictures.keep_history(self.session, node, folder)
            pictures.restore_inputs_sheet(self.session, node)
        if node.stage == "measure":
            record = keep_measurement(self.session, node)
            if record.id not in {known.id for known in self.outcome.measurements}:
                self.outcome.measurements.append(record)
        if node.stage == "generate":
            sheet = pictures.face_sheet(self.session, node)
            pictures.face_attributes(self.session, node)
            pictures.generator_pictures(self.session, node)
            listed = (node.label, node.key, sheet)
            if listed not in self.outcome.face_sets:
                self.session.progress.line(f"{'':>8}  contact sheet: {sheet}")
                self.outcome.face_sets.append(listed)

    def _make(self, node: Node) -> bool:
        make = partial(dispatch.make, self.session, node)
        return self._guarded(node.stage, node.key, node.label, make, node.worker)

    def _cell(self, cell: PlannedCell) -> None:
        folder = self.session.folder / "cells" / cell.folder
        worker = _provider(cell.benchmark)
        blocked = next((self._failed[k] for k in cell.keys.values() if k in self._failed), None)
        if blocked is not None:
            self.events.add("skipped", "score", cell.key, cell.label, worker, because=blocked)
            return
        done = cells.finished(folder)
        if done is not None:
            self.events.add("reused", "score", cell.key, cell.label, worker)
            self._repair.say(score.restore_environment(cell, self.session, done))
            self._has_result(cell, folder, done, reused=True)
            return
        self._repair.say(cells.set_aside(folder))
        made: list[Result] = []

        def stage() -> None:
            made.append(dispatch.score_cell(self.session, cell, self._cell_cost(cell)))

        if self._guarded("score", cell.key, cell.label, stage, cell.benchmark, folder):
            self._has_result(cell, folder, made[0], reused=False)

    def _has_result(self, cell: PlannedCell, folder: Path, result: Result, *, reused: bool) -> None:
        self.outcome.results.append(result)
        content = json.loads(result.to_json())
        self.events.cell(CellFinished(cell.key, cell.label, folder, content, reused))

    def _cell_cost(self, cell: PlannedCell) -> dict[str, float]:
        nodes = self.session.plan.nodes
        spent: dict[str, float] = {}
        for key in cell.keys.values():
            if key in nodes:
                stage = nodes[key].stage  # several phases train
                spent[stage] = round(spent.get(stage, 0.0) + self._cost.get(key, 0.0), 3)
        return spent

    def _guarded(
        self,
        stage: str,
        key: str,
        label: str,
        task: Callable[[], None],
        chosen: ResolvedComponent | None,
        folder: Path | None = None,
    ) -> bool:
        """Run one stage; a failure is recorded, never kept as a result."""
        progress = self.session.progress
        doing = f"{stage} {label}{_of(chosen)}"
        progress.stage(f"{stage:>8}  {label}")
        details.of_a_start(self.session, key, chosen)
        self.events.add("started", stage, key, label, _provider(chosen))
        start = time.perf_counter()
        try:
            watched = timeouts.stage(doing, progress.line, SILENCE_S, progress.listener())
            with watched, progress.ticking():
                self._repair.run(task, key)
        except (Exception, SystemExit) as error:  # a plugin may raise anything
            if signals.ended():  # a signal to the process group ends the workers of a stage as well
                raise KeyboardInterrupt from error
            progress.close()
            dist = {} if chosen is None else {"dist": chosen.provided.dist}
            missing = missing_package(error, f"{stage} {label}", **dist)
            self._fail(stage, key, label, missing or error, chosen, folder)
            return False
        wall = time.perf_counter() - start
        self._cost[key] = wall
        progress.close()
        progress.line(f"{stage:>8}  {label}  done in {wall:.1f} s")
        details.of_an_end(self.session, key, folder)
        self.events.add("finished", stage, key, label, _provider(chosen), wall_s=round(wall, 3))
        return True

    def _fail(
        self,
        stage: str,
        key: str,
        label: str,
        error: BaseException,
        chosen: ResolvedComponent | None,
        folder: Path | None,
    ) -> None:
        message = shown(one_sentence(error))
        where = folder or self.session.folder / "failures" / key[:12]
        log: Path | None = None  # the disk may be what failed; the terminal still says so
        with suppress(OSError):
            log = write_failure(where, stage, key, label, error)
            self.events.add("failed", stage, key, label, _provider(chosen), message=message)
        self._failed[key] = label
        self.outcome.failures.append(StageFailure(label, stage, message, log, error, key))
        # The message is printed once, at the end, also where progress is not shown.
        why = "the reason is printed at the end" if log is None else f"details: {log}"
        self.session.progress.line(f"{stage:>8}  {label}  FAILED, {why}")


def run_opened(runner: Runner) -> RunOutcome:
    """Run with the executor opened for it, and closed whatever happens."""
    session = runner.session
    executor, job = session.executor, session.job

    def say(message: str) -> None:
        session.progress.line(message)
        runner.events.executor(message)

    setup = Setup(
        folders=(job.home, job.folder.absolute()),
        plugin_files=job.plugin_files,
        jobs=session.jobs,
        gpu=job.plan.device.startswith("cuda"),
        say=say,
        ended=signals.ended,
    )
    try:
        executor.open(setup)
        return runner.run()
    finally:
        executor.close()


def _provider(chosen: ResolvedComponent | None) -> str:
    return chosen.provided.provider if chosen else ""


def _of(chosen: ResolvedComponent | None) -> str:
    """Whose code a stage runs."""
    if chosen is None:
        return ""
    provided = chosen.provided
    return f" ({provided.component.kind} {chosen.name} of {provided.dist} {provided.dist_version})"
