"""The comparison of a study as a paper prints it: methods by benchmarks, no unit in the cells."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from harness.reporting.tables.comparison import comparison
from harness.reporting.tables.footers import wide_lines
from harness.reporting.tables.grid import Box, Grid, Head
from harness.reporting.tables.matrix import Entry, Matrix
from harness.results import numbers

Spread = Literal["interval", "std", "none"]
Marks = Literal["significant", "value", "none"]
BY_VALUE = "Best and second best are marked by value alone, whether significant or not."
STD = "± is the standard deviation over seeds (ddof 1); a number of one seed has none."
INTERVAL = "Brackets are {level:g} % intervals."
UNTOLD = "No interval is printed."


def paper_grid(
    matrix: Matrix, *, spread: Spread = "interval", marks: Marks = "significant"
) -> Grid:
    """Rows and numbers of the report's comparison, percent in the head.

    ``spread`` is what is after a number. ``marks`` are of rows that are significantly ahead of
    every lower row, as in the report; of the two best values of a column; or left out. Limited runs
    and altered results are never marked.
    """
    if marks != "significant":
        matrix = replace(matrix, entries=_ranked(matrix, marks), significance="")
    grid = comparison(matrix, ranks=marks == "significant")
    offset = len(grid.heads) - len(matrix.columns)
    for row, boxes in zip(matrix.rows, grid.rows, strict=True):
        for place, column in enumerate(matrix.columns, start=offset):
            entry = matrix.entry(row, column)
            small = _spread(entry, column.unit, column.count, boxes[place], spread)
            boxes[place] = replace(boxes[place], unit="", small=small)
    percent = [*[""] * offset, *(numbers.suffix(column.unit) for column in matrix.columns)]
    grid.heads = [_titled(head, unit) for head, unit in zip(grid.heads, percent, strict=True)]
    if spread != "interval":
        grid.notes = [note for note in grid.notes if note not in wide_lines(matrix)]
    grid.notes = [_told(matrix, spread), *([BY_VALUE] if marks == "value" else []), *grid.notes]
    return grid


def _titled(head: Head, unit: str) -> Head:
    return replace(head, line=f"{head.line} ({unit.strip()})") if unit else head


def _spread(entry: Entry | None, unit: str, count: int | None, box: Box, spread: Spread) -> str:
    if spread == "interval" or entry is None or entry.estimate is None:
        return box.small
    deviation = entry.estimate.deviation if spread == "std" else None
    return "" if deviation is None else f"± {numbers.number(deviation, unit, count)}"


def _told(matrix: Matrix, spread: Spread) -> str:
    if spread != "interval":
        return STD if spread == "std" else UNTOLD
    levels = sorted({e.estimate.level for e in matrix.entries.values() if e.estimate})
    return " ".join(INTERVAL.format(level=100 * level) for level in levels)


def _ranked(matrix: Matrix, marks: Marks) -> dict[tuple[str, str], Entry]:
    """The entries with the two best values of each column marked, or with no marks."""
    entries = {place: replace(entry, rank="") for place, entry in matrix.entries.items()}
    for column in matrix.columns if marks == "value" else ():
        found = matrix.ranked(column)
        values = list(dict.fromkeys(estimate.value for _, estimate in found))
        if len(values) < 2:
            continue
        places = {values[0]: "best"} | ({values[1]: "second"} if len(values) > 2 else {})
        for row, estimate in found:
            key = row.id, column.id
            entries[key] = replace(entries[key], rank=places.get(estimate.value, ""))
    return entries
