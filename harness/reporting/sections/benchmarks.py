"""Benchmarks: for each list of comparisons its curves, its numbers, and numbers by condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.reporting.figures.figure_embed import Figure, draw
from harness.reporting.sections import lines
from harness.reporting.sections.amounts import over_amounts
from harness.reporting.tables.columns import NAMES
from harness.reporting.tables.comparison import comparison
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


def benches(study: Study, names: Names) -> list[Bench]:
    """The benchmarks of a study, in alphabetical order."""
    made = []
    for number, (title, cells) in enumerate(by_comparison(study)):
        use = cells[0].result.cell.benchmark
        about = [("Licence", use.licence), ("Citation", use.citation)]
        grouped = any(GROUPED & set(m.at) for cell in cells for m in cell.result.metrics)
        bench = Bench(f"bench-{number}", title, [pair for pair in about if pair[1]], grouped)
        bench.figures += lines.figures(bench.id, title, cells, study, names)
        _fill(bench, [cell.result for cell in cells], names)
        drawn, tables = over_amounts(bench.id, title, cells)
        bench.figures += drawn
        bench.grids += tables
        made.append(bench)
    return made


def _fill(bench: Bench, results: Sequence[Result], names: Names) -> None:
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
            bench.figures += _over(bench, key, chosen, names)


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


def _over(bench: Bench, key: str, results: Sequence[Result], names: Names) -> list[Figure]:
    """A figure for every metric measured at three or more numeric values of a condition."""
    series: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        row = names.row(result)
        for metric in result.metrics:
            at = metric.at[key]
            if isinstance(at, str) or metric.value is None or metric.unit != "fraction":
                continue
            if set(metric.at) != {key}:
                continue
            low, high = (metric.ci.low, metric.ci.high) if metric.ci else (None, None)
            point = {"x": at, "value": metric.value, "low": low, "high": high}
            series.setdefault(metric.name, []).append(
                {**point, "generator": row.source, "model": row.model, "result": result.id[:12]}
            )
    from harness.reporting.figures.values import over_axis

    drawn: list[Figure] = []
    for name, rows in series.items():
        if len({row["x"] for row in rows}) < FEWEST_POINTS:
            continue
        measure = NAMES.get(name, name)
        title = f"{measure} by {words(key)} on {bench.title}"
        text = f"{title}, with intervals. The numbers are in the table of the same name."
        spec = over_axis(rows, words(key), measure)
        drawn.append(draw(f"{bench.id}-{key}-{len(drawn)}", title, text, spec))
    return drawn
