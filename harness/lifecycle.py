"""Events that plugins receive while a study runs. These records only grow, at their end.

They are made in the process that runs the study, and a plugin that fails to take one is named and
changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from harness.protocols.base import Metric, Scores

Status = Literal["made", "reused", "failed", "skipped"]


@dataclass(frozen=True)
class StudyStarted:
    """A study begins. ``cells`` and ``stages`` are labels of all that is planned, done or not.

    ``settings`` are the values of the ``[study]`` table; ``folder`` is where results will stand.
    """

    name: str
    folder: Path
    settings: Mapping[str, Any]
    device: str
    precision: str
    executor: str
    stages: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True)
class StudyFinished:
    """A study ends, well or not. ``failures`` are one sentence each; ``cells`` have results."""

    name: str
    folder: Path
    cells: int
    failures: tuple[str, ...]
    interrupted: bool
    wall_s: float


@dataclass(frozen=True)
class StageStarted:
    """Work on a stage begins: ``generate``, ``place``, ``train``, ``embed`` or ``score``.

    ``key`` is that of its artifact or cell, ``label`` names it for people, and ``component`` is the
    qualified name of the component at work, empty where there is none.
    """

    stage: str
    key: str
    label: str
    component: str


@dataclass(frozen=True)
class StageFinished:
    """A stage is done with: made, reused, failed, or skipped because another failed.

    ``message`` says why it failed, or because of which stage it was skipped.
    """

    stage: str
    key: str
    label: str
    component: str
    status: Status
    wall_s: float = 0.0
    message: str = ""


@dataclass(frozen=True)
class CellFinished:
    """A cell has its result: ``result`` is the content of ``result.json`` in ``folder``."""

    key: str
    label: str
    folder: Path
    result: Mapping[str, Any]
    reused: bool


@dataclass(frozen=True)
class ReportWritten:
    """The report of a study was rendered; ``files`` are its pages, the first is to be opened."""

    study: Path
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Scored:
    """A comparison that has been scored, for plugins that measure more of it.

    ``scores`` are what the comparison keeps (columns of equal length, one row per pair),
    ``protocol`` is as in the result, and ``metrics`` are the numbers of the benchmark itself.
    ``seed`` is the root seed, for intervals by resampling.
    """

    benchmark: str
    comparison: str
    protocol: Mapping[str, Any]
    scores: Scores
    metrics: tuple[Metric, ...]
    seed: int = 0
