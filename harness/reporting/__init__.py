"""Result rows to tables, figures and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.components import ReportSection
    from harness.reporting.sections.pairs_to_see import PairsOfResult
    from harness.results.schema import Result
    from harness.results.study import Study

__all__ = ["extract", "pictures_missing", "render", "summary_table"]


def summary_table(results: Sequence[Result]) -> str:
    """The Markdown table a run prints: a line for every headline number, then footnotes."""
    from harness.reporting.tables.summary import summary_table as table

    return table(results)


def render(
    folders: Sequence[Path],
    out: Path,
    formats: Iterable[str],
    templates: Sequence[Path] = (),
    add: Callable[[Study], Sequence[ReportSection]] = lambda study: (),
    look: Callable[[Study], Sequence[PairsOfResult]] | None = None,
) -> list[Path]:
    """Write the report of study folders; see ``harness.reporting.page.writing``."""
    from harness.reporting.page.writing import write_report

    return write_report(folders, out, formats, templates, add, look)


def pictures_missing() -> str:
    """Why pictures of the reports of this process are missing; empty where all are there."""
    from harness.reporting.figures.vega import VEGA

    return VEGA.why if VEGA.failed else ""


def extract(path: Path) -> list[Result]:
    """The results inside an HTML report; see :func:`harness.results.embedded.extract`."""
    from harness.results.embedded import extract as read

    return read(path)
