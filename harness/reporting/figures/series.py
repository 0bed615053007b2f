"""Series of figures: which lines are drawn, and in which colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
