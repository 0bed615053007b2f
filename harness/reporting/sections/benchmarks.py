"""Benchmarks: for each list of comparisons its curves, its numbers, and numbers by condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Any

from harness.reporting.figures.figure_embed import Figure, draw
from harness.reporting.figures.series import drawn_series
from harness.reporting.sections import lines
from harness.reporting.sections.amounts import over_amounts
from harness.reporting.sections.series_names import SeriesNames
from harness.reporting.tables.columns import NAMES
from harness.reporting.tables.comparison import comparison
from harness.reporting.tables.estimates import pool
from harness.reporting.tables.grid import Grid
from harness.reporting.tables.matrix import Names, build

if TYPE_CHECKING:
    from harness.results.schema import MetricRecord, Result
    from harness.results.study import Cell, Study

WHOLE = {"far", "fmr", "fpir", "ddof", "rank"}
"""Operating points and definitions; other conditions select a part of the comparisons."""

GROUPED = {"group", "over"}
"""Conditions of the fairness tab."""

UNITS = {"_deg": "degrees", "_px": "pixels"}
"""By the ends of names of conditions."""

FEWEST_POINTS = 3


@dataclass
class Bench:
    """One list of comparisons, with what is shown of it."""

    id: str
    title: str
    about: list[tuple[str, str]]  # licence, citation
    grouped: bool  # whether the fairness tab has more of it
    figures: list[Figure] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)  # all numbers; then one a condition


def by_comparison(study: Study) -> list[tuple[str, list[Cell]]]:
    """Cells by what they were compared on, with its title, in alphabetical order."""
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in study.cells:
        result = cell.result
        groups.setdefault((result.cell.benchmark.name, result.comparison), []).append(cell)
    several = {name for name, _ in groups if sum(name == other for other, _ in groups) > 1}
    return [
        (f"{name}/{part}" if name in several else name, cells)
        for (name, part), cells in sorted(groups.items())
    ]


def benches(study: Study, names: Names, series: SeriesNames) -> list[Bench]:
    """The benchmarks of a study, in alphabetical order."""
    made = []
    for number, (title, cells) in enumerate(by_comparison(study)):
        use = cells[0].result.cell.benchmark
        about = [("Licence", use.licence), ("Citation", use.citation)]
        grouped = any(GROUPED & set(m.at) for cell in cells for m in cell.result.metrics)
        bench = Bench(f"bench-{number}", title, [pair for pair in about if pair[1]], grouped)
        bench.figures += lines.figures(bench.id, title, cells, study, series)
        _fill(bench, cells, names, series)
        drawn, tables = over_amounts(bench.id, title, cells)
        bench.figures += drawn
        bench.grids += tables
        made.append(bench)
    return made


def _fill(bench: Bench, cells: Sequence[Cell], names: Names, series: SeriesNames) -> None:
    results = [cell.result for cell in cells]
    whole = numbers_where(results, lambda metric: set(metric.at) <= WHOLE)
    matrix = build(whole, headline=False, names=names)
    title = f"All numbers of {bench.title}"
    bench.grids.append(comparison(matrix, f"{bench.id}-all", title, ranks=False))
    conditions = dict.fromkeys(
        key
        for result in results
        for metric in result.metrics
        if not GROUPED & set(metric.at)
        for key in set(metric.at) - WHOLE
    )
    for key in sorted(conditions):
        chosen = numbers_where(results, lambda metric, key=key: key in metric.at)  # type: ignore[misc]
        part = build(chosen, headline=False, names=names)
        title = f"{bench.title} by {words(key)}"
        bench.grids.append(comparison(part, f"{bench.id}-by-{key}", title, ranks=False))
        if key != "fold":
            bench.figures += _over(bench, key, cells, series)


def numbers_where(results: Iterable[Result], keep: Callable[[MetricRecord], bool]) -> list[Result]:
    """The results with those of their numbers that are kept; without the rest of them."""
    kept = ((result, [m for m in result.metrics if keep(m)]) for result in results)
    return [r.model_copy(update={"metrics": metrics}) for r, metrics in kept if metrics]


def words(key: str) -> str:
    """A condition for people: ``yaw (degrees)``."""
    for ending, unit in UNITS.items():
        if key.endswith(ending):
            key = f"{key.removesuffix(ending)} ({unit})"
    return key.replace("_", " ")


def _over(bench: Bench, key: str, cells: Sequence[Cell], series: SeriesNames) -> list[Figure]:
    """A figure for every metric measured at three or more numeric values of a condition."""
    from harness.reporting.figures.values import over_axis

    measured: dict[str, list[dict[str, Any]]] = {}
    for label, group in series.grouped(cells).items():
        for name, points in _points(group, key).items():
            for at, metrics in sorted(points.items()):
                if found := pool(metrics):
                    row = {"x": at, "value": found.value, "low": found.low, "high": found.high}
                    measured.setdefault(name, []).append({**row, "series": label})
    figures: list[Figure] = []
    for name, rows in measured.items():
        if len({row["x"] for row in rows}) < FEWEST_POINTS:
            continue
        measure = NAMES.get(name, name)
        title = f"{measure} by {words(key)} on {bench.title}"
        drawn = drawn_series((row["series"] for row in rows), series.order, _means(rows))
        text = (
            f"{title}, with intervals over pairs and training seeds. {drawn.note} The numbers are "
            "in the table of the same name."
        )
        spec = over_axis(rows, words(key), measure, drawn)
        figures.append(draw(f"{bench.id}-{key}-{len(figures)}", title, text, spec))
    return figures


def _points(cells: Iterable[Cell], key: str) -> dict[str, dict[float, list[MetricRecord]]]:
    """Fractions of the trainings of a series at numeric values of one condition, by metric."""
    found: dict[str, dict[float, list[MetricRecord]]] = {}
    for cell in cells:
        for metric in cell.result.metrics:
            at = metric.at.get(key)
            if (
                set(metric.at) == {key}
                and isinstance(at, int | float)
                and metric.unit == "fraction"
            ):
                found.setdefault(metric.name, {}).setdefault(float(at), []).append(metric)
    return found


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The mean value of each series."""
    values: dict[str, list[float]] = {}
    for row in rows:
        values.setdefault(row["series"], []).append(row["value"])
    return {label: fmean(found) for label, found in values.items()}
