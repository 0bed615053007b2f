"""The table that a run prints: a line for every headline number, the published one beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.reporting.tables.columns import MetricColumn, pairs
from harness.reporting.tables.comparison import number_box
from harness.reporting.tables.footers import Notes, footer
from harness.reporting.tables.grid import Grid
from harness.reporting.tables.matrix import Entry, Matrix, MatrixRow, Published, build
from harness.reporting.tables.row_columns import shown_columns
from harness.reporting.tables.table_column import TableColumn, table_of
from harness.reporting.tables.writers import markdown
from harness.results import numbers

if TYPE_CHECKING:
    from harness.results.schema import Result


@dataclass(frozen=True)
class NumberLine:
    """One number of a comparison: where it is, and what it is."""

    row: MatrixRow
    column: MetricColumn
    entry: Entry

    @property
    def value(self) -> float | None:
        """The number in full precision."""
        return self.entry.estimate.value if self.entry.estimate else None

    @property
    def published(self) -> Published | None:
        """The number of a paper for the same."""
        return self.entry.published

    @property
    def change(self) -> float | None:
        """Measured minus published, where that means anything."""
        paper = self.published
        if paper is None or not paper.comparable or self.value is None:
            return None
        return self.value - paper.value


def summary_table(results: Sequence[Result]) -> str:
    """The table a run prints: one line a headline number, with the published one beside it."""
    return summary(build(results))


def summary(matrix: Matrix) -> str:
    """A Markdown table with a line for every number of a comparison, and its footnotes."""
    return markdown(summary_grid(matrix), heading=False, item="")


def summary_grid(matrix: Matrix) -> Grid:
    """A row for every number: what the report says of its row, and then of the number."""
    notes = Notes()
    facts = [_of_line(fact) for fact in shown_columns(matrix) if fact.long]
    lines = [
        NumberLine(row, column, entry)
        for row in matrix.rows
        for column in matrix.columns
        if (entry := matrix.entry(row, column)) is not None
    ]
    grid = table_of("summary", "Results", [*facts, *_number_columns(matrix, notes)], lines)
    grid.notes = footer(matrix, notes, ranks=False)
    return grid


def _of_line(fact: TableColumn[MatrixRow]) -> TableColumn[NumberLine]:
    return TableColumn(
        fact.title, fact.csv, lambda line: fact.value(line.row), fact.numeric,
        text=lambda line: fact.cell(line.row),
    )  # fmt: skip


def _number_columns(matrix: Matrix, notes: Notes) -> list[TableColumn[NumberLine]]:
    """What is shown of each number."""
    columns: list[TableColumn[NumberLine]] = [
        TableColumn("Bench", "benchmark", lambda line: line.column.bench, text=_bench),
        TableColumn("Metric", "metric", lambda line: line.column.measure),
        TableColumn(measured_title(matrix), "measured", lambda line: line.value,
                    text=lambda line: _measured(line, notes)),
        TableColumn("n pairs", "pairs", lambda line: pairs(line.column.protocol), numeric=True),
        TableColumn("Seeds", "seeds", lambda line: line.entry.seeds or None, numeric=True),
    ]  # fmt: skip
    if any(entry.published for entry in matrix.entries.values()):
        columns[3:3] = [
            TableColumn("Published", "published",
                        lambda line: line.published.value if line.published else None,
                        numeric=True, text=lambda line: _published(line, notes)),
            TableColumn("Δ", "change", lambda line: line.change, numeric=True, text=_change),
        ]  # fmt: skip
    return columns


def measured_title(matrix: Matrix) -> str:
    """``Measured (95 % CI)``, without the level where levels differ."""
    levels = {e.estimate.level for e in matrix.entries.values() if e.estimate}
    return f"Measured ({100 * levels.pop():g} % CI)" if len(levels) == 1 else "Measured (CI)"


def _bench(line: NumberLine) -> str:
    return line.column.bench + (f" ({line.column.variant})" if line.column.variant else "")


def _measured(line: NumberLine, notes: Notes) -> str:
    return number_box(replace(line.entry, rank=""), line.column, notes, None).plain


def _published(line: NumberLine, notes: Notes) -> str:
    paper = line.published
    if paper is None:
        return ""
    mark = notes.mark(f"published: {paper.ref}, protocol {paper.match}")
    return f"{numbers.number(paper.value, line.column.unit)} [{mark}]"


def _change(line: NumberLine) -> str:
    """The difference; ``n/c`` where the protocols are not the same."""
    if line.change is not None:
        return numbers.difference(line.change, line.column.unit, line.column.count)
    return "n/c" if line.published and line.value is not None else ""
