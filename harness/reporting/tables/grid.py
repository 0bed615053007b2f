"""The one table of this project: what a terminal, a page, a paper and a file show of it.

Whatever prints a table makes a :class:`Grid`; ``writers`` beside this turn it into text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Value = str | int | float | None


@dataclass(frozen=True)
class Box:
    """One cell of a table.

    ``sort`` is what sorting compares where it is not the text; ``small`` is under the text, or
    after it where a cell is one line; ``unit`` is shown in one line alone, because the page has it
    in the head. ``foot`` are marks of footnotes, ``heat`` in 0..1 colours the cell, ``cells`` are
    the ids of the results behind a number. ``values`` are for CSV and JSON in full precision, one
    for each of the head's ``names``; where it is empty, what sorts or is shown is the value.
    """

    text: str
    sort: float | None = None
    small: str = ""
    title: str = ""
    link: str = ""
    mark: str = ""  # "best", "second", "altered", "failed" or empty
    heat: float | None = None
    cells: tuple[str, ...] = ()
    unit: str = ""
    foot: str = ""
    values: tuple[Value, ...] = ()

    @property
    def shown(self) -> str:
        """The text with its footnotes."""
        return f"{self.text} [{self.foot}]" if self.foot else self.text

    @property
    def plain(self) -> str:
        """The cell as one line."""
        foot = f"[{self.foot}]" if self.foot else ""
        altered = "altered" if self.mark == "altered" else ""
        return " ".join(filter(None, (altered, self.text + self.unit, self.small, foot)))


@dataclass(frozen=True)
class Head:
    """A column's title; ``numeric`` columns are at the right and sort by number.

    ``line`` is the title where it has to be one line. ``names`` are its columns in CSV and its
    fields in JSON. A ``hidden`` column is in those alone.
    """

    text: str
    numeric: bool = False
    small: str = ""
    line: str = ""
    names: tuple[str, ...] = ()
    hidden: bool = False

    @property
    def plain(self) -> str:
        """The title as one line."""
        return self.line or f"{self.text} {self.small}".strip()

    def record(self, box: Box) -> dict[str, Value]:
        """What a cell of this column is in CSV and JSON."""
        names = self.names or (self.plain,)
        values = box.values or (box.sort if self.numeric else box.plain,)
        return dict(zip(names, values, strict=True))


@dataclass
class Grid:
    """A table with its caption and footnotes: as many boxes per row as heads."""

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

    @property
    def shown_heads(self) -> list[Head]:
        """The heads of the columns that are not for files alone."""
        return [head for head in self.heads if not head.hidden]

    @property
    def shown_rows(self) -> list[list[Box]]:
        """The cells below the shown heads."""
        shown = [place for place, head in enumerate(self.heads) if not head.hidden]
        return [[row[place] for place in shown] for row in self.rows]

    @property
    def records(self) -> list[dict[str, Value]]:
        """The rows in full precision, by the names of all columns."""
        return [
            {
                name: value
                for head, box in zip(self.heads, row, strict=True)
                for name, value in head.record(box).items()
            }
            for row in self.rows
        ]


def texts(values: Iterable[object]) -> list[Box]:
    """Plain cells; whole numbers get separators and sort as numbers."""
    return [_box(value) for value in values]


def _box(value: object) -> Box:
    if value is None:
        return Box("")
    if isinstance(value, bool):
        return Box("yes" if value else "no")
    if isinstance(value, int):
        return Box(f"{value:,}", sort=float(value), values=(value,))
    if isinstance(value, float):
        return Box(f"{value:.4g}", sort=value)
    return Box(str(value))
