"""Published numbers beside measured ones, table by table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.published import records
from harness.reporting.papers.against import Evidence, gather, lines
from harness.reporting.papers.paper_table import counted, number_grid
from harness.reporting.tables.grid import Grid

if TYPE_CHECKING:
    from harness.results.study import Study


@dataclass(frozen=True)
class Against:
    """One published table: ``counts`` in a sentence, and the rows that were measured."""

    title: str
    counts: str
    grid: Grid


def against(study: Study) -> list[Against]:
    """Every published table of which the study measured a number."""
    evidence = gather(study)
    tables = dict.fromkeys(f"{record.paper}/{record.table}" for record in evidence.found)
    return [_table(name, evidence) for name in sorted(tables)]


def _table(name: str, evidence: Evidence) -> Against:
    found = lines(records.load(name), evidence)
    grid = number_grid(name, found, measured_only=True)
    grid.notes = grid.notes[1:]  # the page says the counts above the table
    return Against(grid.caption, counted(found), grid)
