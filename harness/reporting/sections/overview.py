"""Overview: the comparison as a heat table and the standing of every measure."""

from __future__ import annotations

from harness.reporting.compare.verdict import Standing
from harness.reporting.tables.columns import MetricColumn
from harness.reporting.tables.grid import Box, Grid, Head, texts
from harness.reporting.tables.matrix import Entry, Matrix
from harness.reporting.tables.render import Notes, footer
from harness.results import numbers

SHORT_ID = 12


def comparison(matrix: Matrix, identifier: str, caption: str, *, ranks: bool = True) -> Grid:
    """Generators and models down, measures across, an interval under every number."""
    notes = Notes()
    ranges = {column.id: _range(matrix, column) for column in matrix.columns}
    heads = [
        Head("Generator"), Head("IDs", numeric=True), Head("Images", numeric=True), Head("Model"),
        *(column_head(column) for column in matrix.columns),
    ]  # fmt: skip
    rows = [
        [
            *texts((row.source, row.identities, row.images, row.model)),
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


def standing_grid(places: list[Standing]) -> Grid:
    """Who is first on each measure, by how much, and whether that is significant."""
    heads = [
        Head("Measure"), Head("First"), Head("Value", numeric=True), Head("Second"),
        Head("Difference", numeric=True), Head("Significant"),
    ]  # fmt: skip
    rows = []
    for place in places:
        variant = f" ({place.column.variant})" if place.column.variant else ""
        second = place.second.title if place.second else "–"
        change = Box(place.change_text, sort=place.change.value) if place.change else Box("–")
        certain = "–" if place.change is None else "yes" if place.clear else "no"
        value = Box(place.value_text, sort=place.value.value)
        name = place.column.title + variant
        rows.append([Box(name), Box(place.first.title), value, Box(second), change, Box(certain)])
    note = (
        "A difference is significant where its 95 % interval leaves out zero. The interval takes "
        "the two numbers as independent; numbers from the same pairs rise and fall together, so it "
        "is cautious."
    )
    return Grid("standings", "Who is first, and by how much", heads, rows, [note])
