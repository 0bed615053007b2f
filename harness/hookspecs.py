"""The whole contract between the core and its plugins, as pluggy hooks. Specs only grow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from harness.components import Component, ReportSection
    from harness.extensions import Extension
    from harness.lifecycle import (
        CellFinished,
        ReportWritten,
        Scored,
        StageFinished,
        StageStarted,
        StudyFinished,
        StudyStarted,
    )
    from harness.protocols.base import Metric
    from harness.results.study import Study

hookspec = pluggy.HookspecMarker("harness")
hookimpl = pluggy.HookimplMarker("harness")


@hookspec
def harness_components() -> Iterable[Component]:
    """Declare components of any kind (``harness.components.KINDS``), cheaply. Since API 1."""


@hookspec
def harness_groups() -> Mapping[str, Iterable[str]]:
    """Name groups of benchmarks, for example ``hq5``. Since API 1."""


@hookspec
def harness_templates() -> Iterable[Path]:
    """Add folders of report templates, searched before the built-in ones. Since API 1."""


@hookspec
def harness_published() -> Iterable[Path]:
    """Add papers: TOML files, the numbers of each in ``PAPER.csv`` beside its file. Since API 1."""


@hookspec
def harness_report_sections(study: Study) -> Iterable[ReportSection]:
    """Add sections to the report of a study, or none. Since API 1."""


@hookspec
def harness_on_event(event: Mapping[str, Any]) -> None:
    """Watch a study: called after each event is written to ``events.jsonl``. Since API 1."""


@hookspec
def harness_metrics(scored: Scored) -> Iterable[Metric]:
    """Measure more of a scored comparison, under names that are not taken. Since API 1."""


@hookspec
def harness_executors() -> Iterable[Extension]:
    """Declare places where shards of a stage are made, for ``--executor``. Since API 1."""


@hookspec
def harness_trackers() -> Iterable[Extension]:
    """Declare trackers, which take lifecycle hooks when ``--track`` names them. Since API 1."""


@hookspec
def harness_study_started(study: StudyStarted) -> None:
    """A study begins. Since API 1."""


@hookspec
def harness_stage_started(stage: StageStarted) -> None:
    """Work on a stage begins. Since API 1."""


@hookspec
def harness_stage_finished(stage: StageFinished) -> None:
    """A stage is made, reused, failed or skipped. Since API 1."""


@hookspec
def harness_cell_finished(cell: CellFinished) -> None:
    """A cell has its result. Since API 1."""


@hookspec
def harness_study_finished(study: StudyFinished) -> None:
    """A study ends, also when it is interrupted. Since API 1."""


@hookspec
def harness_report_written(report: ReportWritten) -> None:
    """The report of a study was rendered. Since API 1."""
