"""Published numbers beside measured ones, table by table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.published import records
from harness.reporting.papers.against import Evidence, Line, gather
from harness.reporting.papers.paper_table import change_text, counted, measure
from harness.reporting.tables.grid import Box, Grid, Head
from harness.results import numbers

if TYPE_CHECKING:
    from harness.results.study import Study

SHORT_ID = 12
HEADS = (
    Head("Row"), Head("Bench"), Head("Metric"), Head("Published", numeric=True),
    Head("Measured", numeric=True), Head("Difference", numeric=True), Head("Verdict"),
    Head("Seeds", numeric=True),
)  # fmt: skip


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
    paper, _, table = name.partition("/")
    about = records.papers()[paper]
    lines = [evidence.line(record) for record in records.load(name)]
    rows = [_row(line) for line in lines if line.used]
    notes = [f"Published: {about['title']}, {about['source']}."]
    if len(rows) < len(lines):
        notes.append(f"{len(lines) - len(rows)} published numbers have no result here.")
    title = f"{name}: {about['tables'][table]}"
    grid = Grid(f"published-{paper}-{table}", title, HEADS, rows, notes)
    return Against(title, counted(lines), grid)


def _row(line: Line) -> list[Box]:
    record, found = line.record, line.estimate
    ids = tuple(item.result.id[:SHORT_ID] for item in line.used)
    measured = Box(numbers.MISSING, cells=ids, link=f"#cell-{ids[0]}")
    change = Box("")
    if found is not None:
        measured = Box(
            numbers.number(found.value, line.unit, line.count),
            sort=found.value,
            small=numbers.interval(found.low, found.high, line.unit, line.count),
            link=f"#cell-{ids[0]}",
            cells=ids,
        )
        text = change_text(line)
        change = Box(text, sort=line.change if text else None)
    return [
        Box(record.label),
        Box(record.benchmark),
        Box(measure(record)),
        Box(record.printed, sort=line.published, title=record.place),
        measured,
        change,
        Box(line.told),
        Box(str(len(line.used)), sort=float(len(line.used))),
    ]
