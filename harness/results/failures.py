"""Failed stages of a study and the cells that could not run because of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.fileio.decoding import reason
from harness.results.plan_file import PlanRecord, read_plan
from harness.results.study_records import EventRecord, FailedAttempt, read_failed_attempt
from harness.results.unreadable import Damaged

ATTEMPT = re.compile(r"failed-([0-9]{1,9})\.json")
NEWEST = "plan.json"
"""The plan of the last run; others are kept under their digests."""


@dataclass(frozen=True)
class CellPlace:
    """Where in the comparison a cell belongs; names without their settings."""

    generator: str  # empty for a ready model
    model: str
    benchmark: str
    comparison: str

    @classmethod
    def of(cls, label: str) -> CellPlace | None:
        """Read ``bfm > facenet-nn4 > cfp/frontal-profile #1``; None for the label of a stage."""
        words = label.split(" > ")
        if len(words) not in {2, 3}:
            return None
        benchmark, _, comparison = words[-1].split(" #", maxsplit=1)[0].partition("/")
        generator = words[0] if len(words) == 3 else ""
        return cls(generator, words[-2], benchmark, comparison or "verification")


@dataclass(frozen=True)
class Failure:
    """The last failed attempt of a stage that has not succeeded since.

    ``cells`` are the labels of the cells that have no number because of it; ``planned`` are those
    of them that the newest plan of the study still has. Others are of a command that was corrected.
    """

    attempt: int
    stage: str
    key: str
    label: str
    error: str
    message: str
    traceback: str
    cells: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The beginning of the failed stage's key."""
        return self.key[:12]


def read_failures(
    folder: Path, done: Collection[str], events: Iterable[EventRecord], damaged: list[Damaged]
) -> list[Failure]:
    """Failures of one study folder; ``done`` are the ids of finished cells."""
    last = {
        event.key: event.event
        for event in events
        if event.event in {"failed", "finished", "reused"}
    }
    plans = _plans(folder, damaged)
    newest = plans.get(NEWEST)
    blocked: dict[str, list[str]] = {}
    for plan in plans.values():
        for stage, labels in _needs(plan, done).items():
            blocked.setdefault(stage, []).extend(labels)
    found = []
    for path in _last_attempts(folder):
        record = _read_attempt(path, damaged)
        if record is None or record.key in done or last.get(record.key, "failed") != "failed":
            continue  # a later attempt succeeded
        own = (record.label,) if record.stage == "score" else ()
        cells = tuple(dict.fromkeys((*own, *blocked.get(record.key, ()))))
        planned = cells
        if newest is not None:
            kept = own if record.key in {cell.key for cell in newest.cells} else ()
            planned = tuple(dict.fromkeys((*kept, *_needs(newest, done).get(record.key, ()))))
        match = ATTEMPT.fullmatch(path.name)
        attempt = int(match[1]) if match else 1
        said = record.model_dump()
        found.append(Failure(attempt=attempt, cells=cells, planned=planned, **said))
    return found


def _read_attempt(path: Path, damaged: list[Damaged]) -> FailedAttempt | None:
    try:
        return read_failed_attempt(path)
    except (OSError, ValueError) as error:
        damaged.append(Damaged(path, f"not a failed attempt: {reason(error)}"))
        return None


def _last_attempts(folder: Path) -> list[Path]:
    newest: dict[Path, tuple[int, Path]] = {}
    for kind in ("failures", "cells"):
        for path in sorted((folder / kind).glob("*/failed-*.json")):
            match = ATTEMPT.fullmatch(path.name)
            if match:
                attempt = (int(match[1]), path)
                newest[path.parent] = max(newest.get(path.parent, attempt), attempt)
    return [path for _, path in newest.values()]


def _plans(folder: Path, damaged: list[Damaged]) -> dict[str, PlanRecord]:
    """Every plan of a study by its file name."""
    found = {}
    for path in sorted(folder.glob("plan*.json")):
        try:
            found[path.name] = read_plan(path)
        except (OSError, ValueError) as error:
            damaged.append(Damaged(path, f"not a plan: {reason(error)}"))
    return found


def _needs(plan: PlanRecord, done: Collection[str]) -> dict[str, list[str]]:
    """Key of a stage -> labels of planned, unfinished cells that need it, however indirectly."""
    needed: dict[str, list[str]] = {}
    inputs = {node.key: list(node.inputs.values()) for node in plan.nodes}
    for cell in plan.cells:
        if cell.key not in done:
            for stage in _closure(cell.inputs.values(), inputs):
                needed.setdefault(stage, []).append(cell.label)
    return needed


def _closure(roots: Iterable[str], inputs: Mapping[str, list[str]]) -> list[str]:
    found: dict[str, None] = {}
    waiting = list(roots)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found[key] = None
            waiting += inputs.get(key, [])
    return list(found)
