"""One column of a table of items: its title and alignment, and what it shows of an item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from harness.reporting.tables.grid import Box, Grid, Head, Value

Item = TypeVar("Item")


@dataclass(frozen=True)
class TableColumn(Generic[Item]):
    """A column of items, for every form of a table.

    ``value`` goes to CSV and JSON in full precision, and is what sorts; ``text`` is shown where the
    value itself is not. ``numeric`` columns are aligned right. A column without a title is for CSV
    and JSON alone. ``long`` is false where a table with a line per number does without it.
    """

    title: str
    csv: str
    value: Callable[[Item], Value]
    numeric: bool = False
    text: Callable[[Item], str] | None = None
    long: bool = True

    @property
    def head(self) -> Head:
        """The head of this column."""
        return Head(self.title, self.numeric, names=(self.csv,), hidden=not self.title)

    def cell(self, item: Item) -> str:
        """The value as text, whole numbers with separators; empty where there is none."""
        if self.text is not None:
            return self.text(item)
        value = self.value(item)
        if value is None or isinstance(value, str):
            return value or ""
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"

    def box(self, item: Item) -> Box:
        """The cell of an item."""
        value = self.value(item)
        sort = float(value) if isinstance(value, int | float) else None
        return Box(self.cell(item), sort=sort, values=(value,))


def table_of(
    identifier: str, caption: str, columns: Sequence[TableColumn[Item]], items: Iterable[Item]
) -> Grid:
    """A row for every item."""
    rows = [[column.box(item) for column in columns] for item in items]
    return Grid(identifier, caption, [column.head for column in columns], rows)


def hidden(head: Head) -> Head:
    """The head for files alone."""
    return replace(head, hidden=True)
