"""Sections that plugins add to the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.components import ReportSection
from harness.reporting.tables.grid import Grid, Head, texts


@dataclass(frozen=True)
class AddedBlock:
    """One added section as its template needs it."""

    title: str
    text: Sequence[str]
    grids: Sequence[Grid]


def blocks(sections: Sequence[ReportSection]) -> list[AddedBlock]:
    """The sections with their tables made sortable, in the order given."""
    return [_block(f"added-{number}", section) for number, section in enumerate(sections)]


def _block(name: str, section: ReportSection) -> AddedBlock:
    grids = []
    for number, table in enumerate(section.tables):
        numeric = [
            all(isinstance(row[column], int | float | None) for row in table.rows)
            for column in range(len(table.heads))
        ]
        heads = [
            Head(text, is_number) for text, is_number in zip(table.heads, numeric, strict=True)
        ]
        rows = [texts(row) for row in table.rows]
        grids.append(Grid(f"{name}-{number}", table.caption, heads, rows))
    return AddedBlock(section.title, section.text, grids)
