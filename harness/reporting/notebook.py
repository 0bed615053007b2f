"""A study as a notebook shows it: the comparison, and what is missing from it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from harness.reporting.compare.rows import judge_rows
from harness.reporting.tables.matrix import build
from harness.reporting.tables.paper_grid import paper_grid
from harness.reporting.tables.writers import html

if TYPE_CHECKING:
    from harness.results.study import Study


def study_html(study: Study) -> str:
    """The table of ``harness table``, with marks of significance; every text is escaped."""
    matrix = build(study.results, study.failures)
    judge_rows(matrix, study.cells)
    grid = paper_grid(matrix)
    grid.caption = study.title
    lacking = [
        f"{len(found)} {what}"
        for found, what in ((study.failures, "failed"), (study.damaged, "files cannot be read"))
        if found
    ]
    told = f"<p>{escape('; '.join(lacking))}.</p>\n" if lacking else ""
    return html(grid) + told
