"""Overview: the comparison as a heat table and the standing of every measure."""

from __future__ import annotations

from harness.reporting.compare.verdict import Standing
from harness.reporting.tables.columns import MetricColumn
from harness.reporting.tables.grid import Box, Grid, Head
from harness.reporting.tables.matrix import Entry, Matrix, MatrixRow
from harness.reporting.tables.render import Notes, footer
from harness.reporting.tables.row_columns import RowColumn, shown_columns
from harness.results import numbers

SHORT_ID = 12


def comparison(matrix: Matrix, identifier: str, caption: str, *, ranks: bool = True) -> Grid:
    """Generators and models down, measures across, an interval under every number."""
    notes = Notes()
    ranges = {column.id: _range(matrix, column) for column in matrix.columns}
    facts = shown_columns(matrix)
    heads = [
        *(Head(fact.title, numeric=fact.numeric) for fact in facts),
        *(column_head(column) for column in matrix.columns),
    ]
    rows = [
        [
            *(_fact(fact, row) for fact in facts),
            *(
                number_box(matrix.entry(row, column), column, notes, ranges[column.id])
                for column in matrix.columns
            ),
        ]
        for row in matrix.rows
    ]
    return Grid(identifier, caption, heads, rows, footer(matrix, notes, ranks=ranks), kind="heat")


def _fact(fact: RowColumn, row: MatrixRow) -> Box:
    value = fact.value(row)
    return Box(fact.cell(row), sort=float(value) if isinstance(value, int) else None)


def column_head(column: MetricColumn) -> Head:
    """Benchmark above metric, with the mark of its protocol where there are several."""
    variant = f" ({column.variant})" if column.variant else ""
    unit = numbers.suffix(column.unit).strip()
    return Head(column.bench + variant, numeric=True, small=f"{column.measure} {unit}".strip())


def number_box(
    entry: Entry | None, column: MetricColumn, notes: Notes, ends: tuple[float, float] | None
) -> Box:
    """A number with its interval, its heat and the results behind it."""
    if entry is None:
        return Box("–", title="not run")
    ids = tuple(identifier[:SHORT_ID] for identifier in entry.ids)
    link = f"#cell-{ids[0]}" if ids else "#tab-failures"
    if entry.failure:
        return Box(f"failed [{notes.mark(entry.failure)}]", mark="failed", link=link)
    found = entry.estimate
    mark = notes.mark(entry.note or ("" if found else "not measurable"))
    foot = f" [{mark}]" if mark else ""
    if found is None:
        return Box(numbers.MISSING + foot, cells=ids, link=link)
    unit, count = column.unit, column.count
    return Box(
        numbers.number(found.value, unit, count) + foot,
        sort=found.value,
        small=numbers.interval(found.low, found.high, unit, count),
        title=_explain(entry, column),
        link=link,
        mark="altered" if entry.altered else entry.rank,
        heat=_heat(found.value, ends, higher=column.higher_is_better),
        cells=ids,
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


def standing_grid(places: list[Standing], note: str) -> Grid:
    """The highest rows of each measure, how far apart they are, and whether that is significant."""
    heads = [
        Head("Measure"), Head("Highest"), Head("Value", numeric=True), Head("Next"),
        Head("Difference", numeric=True), Head("p", numeric=True, small="Holm"),
        Head("Significant"),
    ]  # fmt: skip
    rows = []
    for place in places:
        variant = f" ({place.column.variant})" if place.column.variant else ""
        tied, second, found = place.ties, place.runner_up, place.change
        first = place.first.title
        if len(tied) > 1:
            first, second = f"equal: {', '.join(row.title for row in tied)}", None
        rows.append([
            Box(place.column.title + variant), Box(first),
            Box(place.value_text, sort=place.value.value), Box(second[0].title if second else "–"),
            Box(place.change_text, sort=found.found.effect) if found else Box("–"),
            Box(f"{found.p_value:.2g}", sort=found.p_value, title=found.found.test)
            if found else Box("–"),
            Box("–" if found is None else "yes" if found.significant else "no"),
        ])  # fmt: skip
    notes = [note] if note else []
    notes += list(dict.fromkeys(
        place.change.found.wide for place in places if place.change and place.change.found.wide
    ))  # fmt: skip
    return Grid("standings", "Ranking per benchmark", heads, rows, notes)
