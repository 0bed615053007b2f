"""Tables of the page: one form for all, so that all sort, filter and copy alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Box:
    """One cell of a table.

    ``sort`` is what sorting compares where it is not the text; ``small`` is under the text;
    ``heat`` in 0..1 colours the cell; ``cells`` are the ids of the results behind a number.
    """

    text: str
    sort: float | None = None
    small: str = ""
    title: str = ""
    link: str = ""
    mark: str = ""  # "best", "second", "failed" or empty
    heat: float | None = None
    cells: tuple[str, ...] = ()

    @property
    def plain(self) -> str:
        """The cell as one line, for copying."""
        return f"{self.text} {self.small}".strip()


@dataclass(frozen=True)
class Head:
    """A column's title; ``numeric`` columns are at the right and sort by number."""

    text: str
    numeric: bool = False
    small: str = ""

    @property
    def plain(self) -> str:
        """The title as one line, for copying."""
        return f"{self.text} {self.small}".strip()


@dataclass
class Grid:
    """A table with its caption and footnotes."""

    id: str
    caption: str
    heads: Sequence[Head]
    rows: list[list[Box]]
    notes: list[str] = field(default_factory=list)
    kind: str = ""  # "heat" for the comparison

    @property
    def filterable(self) -> bool:
        """Whether a filter helps: short tables are read faster than filtered."""
        return len(self.rows) > 5


def texts(values: Iterable[object]) -> list[Box]:
    """Plain cells; whole numbers get separators and sort as numbers."""
    return [_box(value) for value in values]


def _box(value: object) -> Box:
    if value is None:
        return Box("")
    if isinstance(value, bool):
        return Box("yes" if value else "no")
    if isinstance(value, int):
        return Box(f"{value:,}", sort=float(value))
    if isinstance(value, float):
        return Box(f"{value:.4g}", sort=value)
    return Box(str(value))
