"""a table of what each result cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl
from harness.components import ReportSection, ReportTable

if TYPE_CHECKING:
    from harness.reporting.study import Study

HARNESS_API = 1  # the version of the plugin contract that this is written for


@hookimpl
def harness_report_sections(study: Study) -> list[ReportSection]:
    """A table of what each result cost; texts are plain and are escaped."""
    rows = tuple(
        (result.cell.model.name, result.cell.benchmark.name, sum(result.cost.wall_s.values()))
        for result in study.results
    )
    table = ReportTable("Seconds of work by result", ("Model", "Benchmark", "Seconds"), rows)
    return [ReportSection("Acme Old Report", ("Zero where a stage was reused.",), (table,))]
