"""Methods: results that differ in nothing but the seed of their training.

A generator with its settings and a model with its settings make a method. Repeats train it with
other seeds, and each of them is tested on the same comparisons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.digests import digest
from harness.errors import UsageError
from harness.reporting.tables.columns import rules
from harness.reporting.tables.labels import signature
from harness.reporting.tables.matrix import Names
from harness.results.schema import MetricRecord, Result
from harness.results.study import Cell


@dataclass(frozen=True)
class Method:
    """A row of a table on one benchmark: one cell for every training, by seed."""

    title: str
    cells: tuple[Cell, ...]

    @property
    def trained(self) -> bool:
        """Whether the networks were trained here; a ready network has no seeds."""
        return any(is_trained(cell.result) for cell in self.cells)

    @property
    def values(self) -> list[float]:
        """The headline of each training that has one."""
        found = (headline(cell.result) for cell in self.cells)
        return [metric.value for metric in found if metric and metric.value is not None]

    @property
    def any(self) -> Result:
        """One of the results, for what all have in common."""
        return self.cells[0].result


def headline(result: Result) -> MetricRecord | None:
    """The number that tests are about."""
    return next((metric for metric in result.metrics if metric.headline), None)


def is_trained(result: Result) -> bool:
    """Whether a result's network was trained in its study."""
    return "model" in result.provenance.inputs


def one_per_training(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """The newest cell of every seed, by seed; a network that is under two seeds counts once."""
    newest: dict[tuple[int, int], Cell] = {}
    for cell in sorted(cells, key=lambda cell: cell.result.created):
        seed = cell.result.seed
        newest[seed.root, seed.repeat] = cell
    networks = {newest[seed].result.cell.model.key: newest[seed] for seed in sorted(newest)[::-1]}
    return tuple(reversed(networks.values()))


def by_benchmark(cells: Sequence[Cell], names: Names, which: str) -> dict[str, Method]:
    """The method of every benchmark. ``which`` is the study, for people.

    Raises ``UsageError`` where there are several methods on a benchmark.
    """
    found: dict[str, dict[str, list[Cell]]] = {}
    for cell in cells:
        result = cell.result
        comparison, name = result.comparison, result.cell.benchmark.name
        name = name if comparison == "verification" else f"{name}/{comparison}"
        found.setdefault(name, {}).setdefault(_identity(result), []).append(cell)
    return {name: _only(name, group, names, which) for name, group in found.items()}


def _identity(result: Result) -> str:
    cell = result.cell
    parts = [signature(cell.generator), signature(cell.model), rules(result), result.limited]
    return digest(parts)


def _only(bench: str, group: dict[str, list[Cell]], names: Names, which: str) -> Method:
    if len(group) > 1:
        titles = [names.row(cells[0].result).title for cells in group.values()]
        if len(set(titles)) < len(titles):  # they differ in their protocols alone
            titles = [cells[0].result.id[:12] for cells in group.values()]
        raise UsageError(
            f"{which} has several methods on {bench}: {', '.join(titles)}; name one as STUDY:LABEL"
        )
    (cells,) = group.values()
    return Method(names.row(cells[0].result).title, one_per_training(cells))
