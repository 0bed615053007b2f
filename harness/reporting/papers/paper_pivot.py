"""A published table as papers print it, methods by benchmarks, and what was measured beside it.

The best printed number of a column is marked, and the second, by the digits alone: a paper gives no
intervals to test them with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from harness.published import records
from harness.published.records import PublishedNumber
from harness.reporting.papers.against import Evidence, Line, lines
from harness.reporting.papers.paper_table import (
    about,
    counted,
    measure,
    measured_box,
    reasons,
    source,
)
from harness.reporting.tables.footers import Notes
from harness.reporting.tables.grid import Box, Grid, Head

BY_VALUE = (
    "Marked are the best and the second best published number of a column, by the printed digits "
    "alone; no difference was tested."
)
HIGHER = ("accuracy", "mean_accuracy", "tar", "val", "auc", "rank", "tpir")
LOWER = ("std_accuracy", "eer", "fnmr", "fnir", "fmr", "frr")
PUBLISHED, MEASURED = "published", "measured here"

ColumnKey = tuple[str, str]
"""Benchmark and metric."""
RowKey = tuple[int, str]
"""Number and label of a printed row: a table may print one label twice."""


def paper_pivot(name: str, evidence: Evidence) -> Grid:
    """The table ``PAPER/TABLE``, a row per method and a column per benchmark.

    Where studies measured something for a row, a second row under it shows that.
    """
    paper, caption = about(name)
    found = lines(records.load(name), evidence)
    at = {(_row(line.record), _column(line.record)): line for line in found}
    columns = list(dict.fromkeys(column for _, column in at))
    places = {column: _ranks(at[key].record for key in at if key[1] == column)
              for column in columns}  # fmt: skip
    notes = Notes()
    both = any(line.used for line in found)
    rows: list[list[Box]] = []
    for row in dict.fromkeys(row for row, _ in at):
        cells = [at.get((row, column)) for column in columns]
        marks = [places[column].get(row, "") for column in columns]
        shown = [_printed(line, mark) for line, mark in zip(cells, marks, strict=True)]
        rows.append([Box(row[1]), *([Box(PUBLISHED)] if both else []), *shown])
        if any(line and line.used for line in cells):
            rows.append([Box(row[1]), Box(MEASURED), *(_measured(line, notes) for line in cells)])
    heads = [Head("Method"), *([Head("Numbers")] if both else []), *map(_head, columns)]
    under = [counted(found), *_waiting(found), source(paper), BY_VALUE, *notes.lines()]
    return Grid(f"pivot-{name.replace('/', '-')}", caption, heads, rows, under)


def _row(record: PublishedNumber) -> RowKey:
    return record.row, record.label


def _column(record: PublishedNumber) -> ColumnKey:
    return record.benchmark, measure(record)


def _head(column: ColumnKey) -> Head:
    benchmark, name = column
    return Head(benchmark, numeric=True, small=f"{name} %")


def _printed(line: Line | None, mark: str) -> Box:
    if line is None:
        return Box("–")
    return Box(line.record.printed, sort=line.published, mark=mark, title=line.record.place)


def _measured(line: Line | None, notes: Notes) -> Box:
    """The measured number; its footnote says where it is not within the printed one."""
    if line is None or not line.used:
        return Box("–")
    foot = "" if line.verdict == "within" else notes.mark(_verdict(line))
    return replace(measured_box(line), unit="", values=(), foot=foot)


def _verdict(line: Line) -> str:
    if line.verdict in {"above", "below"}:
        return f"The interval of the measured number is {line.verdict} the published one."
    return line.told


def _ranks(found: Iterable[PublishedNumber]) -> dict[RowKey, str]:
    """``best`` and ``second`` of a column; rows with equal digits share a mark.

    None of a column of one value, or of a metric of which it is not known what is better.
    """
    values = {_row(record): record for record in found}
    metric = next(iter(values.values())).metric
    if not metric.startswith(HIGHER + LOWER):
        return {}
    ordered: list[Decimal] = sorted(
        {record.percent for record in values.values()}, reverse=not metric.startswith(LOWER)
    )
    if len(ordered) < 2:
        return {}
    marks = {ordered[0]: "best"} | ({ordered[1]: "second"} if len(ordered) > 2 else {})
    return {row: marks[r.percent] for row, r in values.items() if r.percent in marks}


def _waiting(found: Sequence[Line]) -> list[str]:
    """Why numbers have no result, each reason once."""
    counts = Counter(reason for line in found if not line.used for reason in reasons(line.reason))
    if not counts:
        return []
    told = "; ".join(f"{reason} ({_numbers(count)})" for reason, count in counts.items())
    return [f"Not measured: {told}."]


def _numbers(count: int) -> str:
    return f"{count} number{'' if count == 1 else 's'}"
