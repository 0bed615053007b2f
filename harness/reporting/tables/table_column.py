"""One column of a table: its title and alignment, its name in CSV, and what it says of an item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Value = str | int | float | None


@dataclass(frozen=True)
class TableColumn(Generic[Item]):
    """A column of items, for every form of a table.

    ``value`` goes to CSV and JSON in full precision, and is what sorts; ``text`` is shown where the
    value itself is not. ``numeric`` columns are aligned right. A column without a title is for CSV
    alone.
    """

    title: str
    csv: str
    value: Callable[[Item], Value]
    numeric: bool = False
    text: Callable[[Item], str] | None = None

    def cell(self, item: Item) -> str:
        """The value as text, whole numbers with separators; empty where there is none."""
        if self.text is not None:
            return self.text(item)
        value = self.value(item)
        if value is None or isinstance(value, str):
            return value or ""
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
