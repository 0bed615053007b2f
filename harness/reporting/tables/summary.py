"""The table that a run prints: a line for every headline number, the published one beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.reporting.tables.columns import MetricColumn, pairs
from harness.reporting.tables.escapes import markdown_cell
from harness.reporting.tables.matrix import Entry, Matrix, MatrixRow, build
from harness.reporting.tables.render import Notes, cell_text, footer_lines, pipe
from harness.results import numbers

if TYPE_CHECKING:
    from harness.results.schema import Result


def summary_table(results: Sequence[Result]) -> str:
    """The table a run prints: one line a headline number, with the published one beside it."""
    return summary(build(results))


def summary(matrix: Matrix) -> str:
    """A Markdown table with a line for every number of a comparison, and its footnotes."""
    notes = Notes()
    head = ["Generator", "IDs", "Model", "Bench", "Metric", measured_title(matrix), "n pairs",
            "Seeds"]  # fmt: skip
    align = ["left", "right", "left", "left", "left", "left", "right", "right"]
    printed = any(entry.published for entry in matrix.entries.values())
    if printed:
        head[6:6], align[6:6] = ["Published", "Δ"], ["right", "right"]
    lines = []
    for row in matrix.rows:
        for column in matrix.columns:
            entry = matrix.entry(row, column)
            if entry is not None:
                line = _line(row, column, entry, notes, printed=printed)
                lines.append([markdown_cell(text) for text in line])
    table = pipe(head, lines, align)
    return (
        "\n".join([table, "", *footer_lines(matrix, notes, markdown_cell, ranks=False)]).rstrip()
        + "\n"
    )


def measured_title(matrix: Matrix) -> str:
    """``Measured (95 % CI)``, without the level where levels differ."""
    levels = {e.estimate.level for e in matrix.entries.values() if e.estimate}
    return f"Measured ({100 * levels.pop():g} % CI)" if len(levels) == 1 else "Measured (CI)"


def _line(
    row: MatrixRow, column: MetricColumn, entry: Entry, notes: Notes, *, printed: bool
) -> list[str]:
    variant = f" ({column.variant})" if column.variant else ""
    measured = cell_text(entry, column, notes)
    paper = published_texts(entry, column, notes) if printed else ()
    return [
        row.source,
        numbers.count(row.identities),
        row.model,
        column.bench + variant,
        column.measure,
        measured,
        *paper,
        numbers.count(pairs(column.protocol)),
        str(entry.seeds) if entry.ids else "",
    ]


def published_texts(entry: Entry, column: MetricColumn, notes: Notes) -> tuple[str, str]:
    """The published number and the difference; ``n/c`` where the protocols are not the same."""
    paper = entry.published
    if paper is None:
        return "", ""
    mark = notes.mark(f"published: {paper.ref}, protocol {paper.match}")
    text = f"{numbers.number(paper.value, column.unit)} [{mark}]"
    if entry.estimate is None:
        return text, ""
    if not paper.comparable:
        return text, "n/c"
    change = entry.estimate.value - paper.value
    return text, numbers.difference(change, column.unit, column.count)
