"""What components and plugins add to the report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportTable:
    """A table of a :class:`ReportSection`: a value per head in each row. Numbers sort as such."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


@dataclass(frozen=True)
class ReportSection:
    """What a plugin adds to the report: paragraphs and tables, plain text that is escaped."""

    title: str
    text: tuple[str, ...] = ()
    tables: tuple[ReportTable, ...] = ()

    def __post_init__(self) -> None:
        """Refuse rows of another length than the heads, naming the table."""
        for table in self.tables:
            wrong = [row for row in table.rows if len(row) != len(table.heads)]
            if wrong:
                raise ValueError(
                    f"table {table.caption!r} has {len(table.heads)} heads and a row of "
                    f"{len(wrong[0])} values"
                )


@dataclass(frozen=True)
class Picture:
    """A JPEG of a generator for the report: title, what it shows, and the name of its file."""

    title: str
    text: str
    file: str
