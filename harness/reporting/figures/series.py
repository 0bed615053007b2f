"""Series of figures: which results form one line, which lines are drawn, and in which colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.digests import digest
from harness.reporting.tables.columns import marks, rules
from harness.reporting.tables.labels import NO_GENERATOR

if TYPE_CHECKING:
    from harness.reporting.tables.matrix import Names
    from harness.results.schema import Result
    from harness.results.study import Cell

COLOURS = (
    "#1594fc", "#68162c", "#117e5d", "#f84689", "#839a03", "#013f79", "#8000ef", "#6b5800",
)  # fmt: skip
"""On white paper; every two differ by at least 16 (CIEDE2000) for every kind of colour vision."""
DARK_COLOURS = (
    "#00a0a4", "#da936d", "#29ffc8", "#de0879", "#d6f219", "#e0b8ff", "#785df2", "#817407",
)  # fmt: skip
"""The same series on a dark page; every two differ by at least 18."""
MOST_SERIES = len(COLOURS)
"""More lines in one figure cannot be told apart."""


@dataclass(frozen=True)
class SeriesNames:
    """The name of every row of a study in its figures, and their order, which decides colours.

    Trainings that differ in their seed alone share a name. The generator is left out where a study
    has only one, and the model likewise.
    """

    names: Names
    order: tuple[str, ...] = ()

    @classmethod
    def of(cls, results: Sequence[Result], names: Names) -> SeriesNames:
        """The names of these results, in the order of the comparison table."""
        made = cls(names)
        rows = {names.row(result).id: result for result in results}
        ordered = sorted(rows.values(), key=lambda result: made._place(result))
        return cls(names, tuple(dict.fromkeys(made.label(result) for result in ordered)))

    def label(self, result: Result) -> str:
        """What a legend calls the row of a result."""
        row = self.names.row(result)
        limit = f" [limited {row.limited}]" if row.limited else ""
        if row.generator == NO_GENERATOR or len(set(self.names.generators.values())) == 1:
            return f"{row.model}{limit}"
        return row.source if len(set(self.names.models.values())) == 1 else row.title

    def _place(self, result: Result) -> tuple[object, ...]:
        row = self.names.row(result)
        return row.limited is not None, row.model, row.generator

    def grouped(self, cells: Iterable[Cell]) -> dict[str, list[Cell]]:
        """Cells of one benchmark by series, one per seed: of two, the newer.

        Where protocols differ, results of different rules are different series, marked (a), (b).
        """
        cells = list(cells)
        signatures = sorted({digest(rules(cell.result)) for cell in cells})
        letters = dict(zip(signatures, marks(len(signatures)), strict=True))
        found: dict[str, dict[tuple[int, int], Cell]] = {}
        for cell in sorted(cells, key=lambda cell: cell.result.created):
            letter = letters[digest(rules(cell.result))]
            label = f"{self.label(cell.result)} ({letter})" if letter else self.label(cell.result)
            seed = cell.result.seed
            found.setdefault(label, {})[seed.root, seed.repeat] = cell
        ranked = sorted(found, key=lambda label: (self._rank(label), label))
        return {label: list(found[label].values()) for label in ranked}

    def _rank(self, label: str) -> int:
        return rank_of(label, self.order)


def rank_of(label: str, order: Sequence[str]) -> int:
    """The place of a series in an order, with or without the mark of its protocol."""
    for name in (label, label.rpartition(" (")[0]):
        if name in order:
            return order.index(name)
    return len(order)


@dataclass(frozen=True)
class DrawnSeries:
    """All series of a figure, those that are drawn at first, and the colour of each of those."""

    all: tuple[str, ...]
    drawn: tuple[str, ...]
    colours: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every series is drawn."""
        return len(self.drawn) == len(self.all)

    @property
    def note(self) -> str:
        """What a reader must know of series that are not drawn; empty where all are."""
        if self.complete:
            return ""
        return f"{len(self.drawn)} of {len(self.all)} series are drawn; others can be selected."


def drawn_series(
    found: Iterable[str], order: Sequence[str] = (), value: Mapping[str, float] | None = None
) -> DrawnSeries:
    """Draw at most ``MOST_SERIES``: those of the highest ``value``, else the first of the order.

    ``order`` are the series of the whole study: one keeps its colour in every figure, unless a
    series before it in the same figure has it.
    """
    names = sorted(dict.fromkeys(found), key=lambda name: (rank_of(name, order), name))
    chosen = sorted(names, key=lambda name: -value.get(name, float("-inf"))) if value else names
    kept = set(chosen[:MOST_SERIES])
    drawn = tuple(name for name in names if name in kept)
    return DrawnSeries(tuple(names), drawn, _colours(drawn, order))


def _colours(drawn: Sequence[str], order: Sequence[str]) -> tuple[str, ...]:
    """The colour of its place in the study for each; what is left for those that share one."""
    given: dict[str, str] = {}
    for index, name in enumerate(drawn):
        rank = rank_of(name, order)
        own = COLOURS[(rank if rank < len(order) else index) % MOST_SERIES]
        if own not in given.values():
            given[name] = own
    rest = iter([colour for colour in COLOURS if colour not in given.values()])
    return tuple(given.get(name) or next(rest) for name in drawn)
