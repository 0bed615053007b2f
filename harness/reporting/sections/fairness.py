"""Fairness: every number of a group beside the other groups, and how far the groups differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.reporting.figures.figure_embed import Figure, draw
from harness.reporting.figures.series import drawn_series
from harness.reporting.sections.benchmarks import by_comparison, numbers_where
from harness.reporting.sections.series_names import SeriesNames
from harness.reporting.tables.columns import NAMES
from harness.reporting.tables.comparison import comparison
from harness.reporting.tables.estimates import pool
from harness.reporting.tables.grid import Box, Grid, Head
from harness.reporting.tables.matrix import Matrix, Names, build

if TYPE_CHECKING:
    from harness.results.schema import MetricRecord, Result
    from harness.results.study import Cell, Study

GROUP, OVER = "group", "over"


@dataclass
class Groups:
    """One benchmark whose pairs are grouped: a figure, each group, and what is said over all."""

    id: str
    title: str
    bench: str  # id of its part of the benchmarks tab
    figures: list[Figure] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)


@dataclass(frozen=True)
class Extremes:
    """The worst and the best group of one row; values are fractions."""

    row: str
    worst: str
    low: float
    best: str
    high: float


def fairness(study: Study, names: Names, series: SeriesNames) -> list[Groups]:
    """Every benchmark that has numbers of groups, in alphabetical order."""
    made = []
    for number, (title, cells) in enumerate(by_comparison(study)):
        results = [cell.result for cell in cells]
        each = numbers_where(results, lambda metric: set(metric.at) == {GROUP})
        over = numbers_where(results, lambda metric: OVER in metric.at)
        rest = numbers_where(results, lambda m: GROUP in m.at and set(m.at) != {GROUP})
        if not each:
            continue
        found = Groups(f"groups-{number}", title, f"bench-{number}")
        found.figures += _figures(found, cells, series)
        found.grids.append(_extremes_grid(found, extremes(each, names)))
        for chosen, name in ((each, "each group"), (over, "over all groups"), (rest, "more")):
            if chosen:
                matrix = build(chosen, headline=False, names=names)
                caption = f"{title}: {name}"
                identifier = f"{found.id}-{name.replace(' ', '-')}"
                found.grids.append(comparison(matrix, identifier, caption, ranks=False))
        made.append(found)
    return made


def extremes(each: Sequence[Result], names: Names) -> list[Extremes]:
    """Worst and best group of every row, by the mean over repeats of the first grouped metric."""
    metric = each[0].metrics[0].name
    kept = numbers_where(each, lambda found: found.name == metric)
    matrix = build(kept, headline=False, names=names)
    made = []
    for row in matrix.rows:
        values = _values(matrix, row.id)
        if len(values) < 2:
            continue
        better = matrix.columns[0].higher_is_better
        ordered = sorted(values.items(), key=lambda item: item[1], reverse=not better)
        (worst, low), (best, high) = ordered[0], ordered[-1]
        made.append(Extremes(row.title, worst, low, best, high))
    return made


def _values(matrix: Matrix, row: str) -> dict[str, float]:
    found = {}
    for column in matrix.columns:
        entry = matrix.entries.get((row, column.id))
        if entry and entry.estimate:
            found[column.at.removeprefix(f"{GROUP}=")] = entry.estimate.value
    return found


def _extremes_grid(found: Groups, rows: Sequence[Extremes]) -> Grid:
    heads = [
        Head("Generator and model"), Head("Worst group"), Head("Value", numeric=True, small="%"),
        Head("Best group"), Head("Value", numeric=True, small="%"),
        Head("Difference", numeric=True, small="points"),
    ]  # fmt: skip
    lines = [
        [Box(row.row), Box(row.worst), _percent(row.low), Box(row.best), _percent(row.high),
         _percent(abs(row.high - row.low))]
        for row in rows
    ]  # fmt: skip
    note = (
        "Intervals are in the table of each group; how far all groups spread, with its interval, "
        "is in the table over all groups."
    )
    return Grid(
        f"{found.id}-extremes", f"{found.title}: best and worst group", heads, lines, [note]
    )


def _percent(value: float) -> Box:
    return Box(f"{100 * value:.2f}", sort=value)


def _figures(found: Groups, cells: Sequence[Cell], series: SeriesNames) -> list[Figure]:
    from harness.reporting.figures.values import groups

    rows: dict[str, list[dict[str, Any]]] = {}
    for label, group in series.grouped(cells).items():
        for (name, part), metrics in _by_group(group).items():
            if pooled := pool(metrics):
                ends = {"low": pooled.low, "high": pooled.high, "series": label}
                point = {"group": part, "value": pooled.value, **ends}
                rows.setdefault(name, []).append(point)
    figures: list[Figure] = []
    for name, points in rows.items():
        measure = NAMES.get(name, name)
        title = f"{measure} by group on {found.title}"
        drawn = drawn_series((point["series"] for point in points), series.order)
        text = (
            f"{title}: a point and its interval for every series. {drawn.note} The numbers are "
            "below."
        )
        spec = groups(points, measure, drawn)
        figures.append(draw(f"{found.id}-{len(figures)}", title, text, spec))
    return figures


def _by_group(cells: Sequence[Cell]) -> dict[tuple[str, str], list[MetricRecord]]:
    """Fractions of the trainings of a series, by metric and group."""
    found: dict[tuple[str, str], list[MetricRecord]] = {}
    for cell in cells:
        for metric in cell.result.metrics:
            if set(metric.at) == {GROUP} and metric.unit == "fraction":
                found.setdefault((metric.name, str(metric.at[GROUP])), []).append(metric)
    return found
