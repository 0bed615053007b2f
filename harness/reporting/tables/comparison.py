"""The comparison as a table: generators and models down, measures across."""

from __future__ import annotations

from harness.reporting.tables.columns import MetricColumn
from harness.reporting.tables.footers import Notes, footer
from harness.reporting.tables.grid import Box, Grid, Head
from harness.reporting.tables.matrix import Entry, Matrix
from harness.reporting.tables.row_columns import row_columns, shown_columns
from harness.reporting.tables.table_column import hidden
from harness.results import numbers

SHORT_ID = 12
NOTHING = (None, None, None)


def comparison(
    matrix: Matrix,
    identifier: str = "comparison",
    caption: str = "Comparison",
    *,
    ranks: bool = True,
) -> Grid:
    """Generators and models down, measures across, an interval with every number."""
    notes = Notes()
    ranges = {column.id: _range(matrix, column) for column in matrix.columns}
    facts, shown = row_columns(matrix), {fact.csv for fact in shown_columns(matrix)}
    heads = [
        *(fact.head if fact.csv in shown else hidden(fact.head) for fact in facts),
        *(column_head(column) for column in matrix.columns),
    ]
    rows = [
        [
            *(fact.box(row) for fact in facts),
            *(
                number_box(matrix.entry(row, column), column, notes, ranges[column.id])
                for column in matrix.columns
            ),
        ]
        for row in matrix.rows
    ]
    return Grid(identifier, caption, heads, rows, footer(matrix, notes, ranks=ranks), kind="heat")


def column_head(column: MetricColumn) -> Head:
    """Benchmark above metric, with the mark of its protocol where there are several."""
    variant = f" ({column.variant})" if column.variant else ""
    unit = numbers.suffix(column.unit).strip()
    line = column.title + variant
    return Head(
        column.bench + variant,
        numeric=True,
        small=f"{column.measure} {unit}".strip(),
        line=line,
        names=(line, f"{line} low", f"{line} high"),
    )


def number_box(
    entry: Entry | None, column: MetricColumn, notes: Notes, ends: tuple[float, float] | None
) -> Box:
    """A number with its interval, its heat and the results behind it."""
    if entry is None:
        return Box("–", title="not run", values=NOTHING)
    ids = tuple(identifier[:SHORT_ID] for identifier in entry.ids)
    link = f"#cell-{ids[0]}" if ids else "#tab-failures"
    if entry.failure:
        foot = notes.mark(entry.failure)
        return Box("failed", mark="failed", link=link, foot=foot, values=NOTHING)
    found = entry.estimate
    foot = notes.mark(entry.note or ("" if found else "not measurable"))
    if found is None:
        return Box(numbers.MISSING, cells=ids, link=link, foot=foot, values=NOTHING)
    unit, count = column.unit, column.count
    return Box(
        numbers.number(found.value, unit, count),
        sort=found.value,
        small=numbers.interval(found.low, found.high, unit, count),
        title=_explain(entry, column),
        link=link,
        mark="altered" if entry.altered else entry.rank,
        heat=_heat(found.value, ends, higher=column.higher_is_better),
        cells=ids,
        unit=numbers.suffix(unit),
        foot=foot,
        values=NOTHING if entry.altered else (found.value, found.low, found.high),
    )


def _explain(entry: Entry, column: MetricColumn) -> str:
    found = entry.estimate
    assert found is not None
    parts = [f"{column.title}: {found.value:.6g}"]
    if found.method:
        parts.append(f"{100 * found.level:g} % interval: {found.method}")
    if column.count is not None:
        parts.append(f"{column.count:,} comparisons")
    parts.append(f"{entry.seeds} {'seed' if entry.seeds == 1 else 'seeds'}")
    return "; ".join(parts)


def _range(matrix: Matrix, column: MetricColumn) -> tuple[float, float] | None:
    entries = (matrix.entry(row, column) for row in matrix.rows)
    values = [entry.estimate.value for entry in entries if entry and entry.estimate]
    return (min(values), max(values)) if len(values) > 1 else None


def _heat(value: float, ends: tuple[float, float] | None, *, higher: bool) -> float | None:
    if ends is None or ends[0] == ends[1]:
        return None
    share = (value - ends[0]) / (ends[1] - ends[0])
    return round(share if higher else 1 - share, 3)
