"""A published table beside what was measured, a line per number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from harness.published import records
from harness.reporting.papers.against import Evidence, Line, lines
from harness.reporting.tables.columns import NAMES
from harness.reporting.tables.footers import Notes
from harness.reporting.tables.grid import Box, Grid, Head
from harness.results import numbers

SHORT_ID = 12
NEEDS = "needs asset "
HEADS = (
    Head("Paper", names=("paper",), hidden=True),
    Head("Table", names=("table",), hidden=True),
    Head("Row", names=("row",)),
    Head("Bench", names=("benchmark",)),
    Head("Metric", names=("metric",)),
    Head("Published", numeric=True, names=("printed", "unit", "published")),
    Head("Measured", numeric=True, names=("measured", "low", "high")),
    Head("Difference", numeric=True, line="Δ", names=("change",)),
    Head("Verdict", names=("verdict", "reason")),
    Head("Seeds", numeric=True, names=("results",)),
)


def names(references: Sequence[str]) -> list[str]:
    """``PAPER/TABLE`` for each table meant: ``all``, a paper, or a table.

    Raises ``UsageError`` for an unknown paper or table.
    """
    known = records.papers()
    found: dict[str, None] = {}
    for reference in references:
        papers = list(known) if reference == "all" else [reference]
        for paper in papers:
            if paper in known:
                found.update(dict.fromkeys(f"{paper}/{table}" for table in known[paper]["tables"]))
            else:
                records.load(paper)
                found[paper] = None
    return list(found)


def about(name: str) -> tuple[Mapping[str, Any], str]:
    """What is known of the paper of ``PAPER/TABLE``, and the table's caption."""
    paper, _, table = name.partition("/")
    found = records.papers()[paper]
    return found, f"{name}: {found['tables'][table]}"


def paper_table(name: str, evidence: Evidence) -> Grid:
    """The table ``PAPER/TABLE``, one line a published number."""
    return number_grid(name, lines(records.load(name), evidence))


def number_grid(name: str, found: Sequence[Line], *, measured_only: bool = False) -> Grid:
    """A row for each published number, or for those alone of which something was measured."""
    paper, caption = about(name)
    notes = Notes()
    kept = [line for line in found if line.used or not measured_only]
    rows = [_row(line, notes) for line in kept]
    under = [counted(found), source(paper), *notes.lines()]
    if len(kept) < len(found):
        under.append(f"{len(found) - len(kept)} published numbers have no result here.")
    return Grid(f"published-{name.replace('/', '-')}", caption, HEADS, rows, under)


def source(paper: Mapping[str, Any]) -> str:
    """Where the numbers were published, as a footnote."""
    return f"Published: {paper['title']}, {paper['source']}."


def counted(found: Sequence[Line]) -> str:
    """How many numbers have which verdict, in a sentence."""
    counts = Counter(line.verdict for line in found)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return f"{len(found)} published numbers: {told}."


def _row(line: Line, notes: Notes) -> list[Box]:
    record = line.record
    change = change_text(line)
    marks = ", ".join(sorted(map(notes.mark, reasons(line.reason)), key=int))
    ids = " ".join(item.result.id for item in line.used)
    return [
        Box(record.paper),
        Box(record.table),
        Box(record.label),
        Box(record.benchmark),
        Box(measure(record), values=(record.metric,)),
        Box(record.printed, sort=line.published, title=record.place,
            values=(record.text, record.unit, line.published)),
        measured_box(line),
        Box(change, sort=line.change if change else None, values=(line.change,)),
        Box(line.verdict, foot=marks, values=(line.verdict, line.reason)),
        Box(str(len(line.used)) if line.used else "",
            sort=float(len(line.used)) if line.used else None, values=(ids,)),
    ]  # fmt: skip


def measured_box(line: Line) -> Box:
    """What was measured for a published number, with its interval and the results behind it."""
    found = line.estimate
    ids = tuple(item.result.id[:SHORT_ID] for item in line.used)
    link = f"#cell-{ids[0]}" if ids else ""
    if found is None:
        text = numbers.MISSING if ids else ""
        return Box(text, cells=ids, link=link, values=(None, None, None))
    return Box(
        numbers.number(found.value, line.unit, line.count),
        sort=found.value,
        small=numbers.interval(found.low, found.high, line.unit, line.count),
        unit=numbers.suffix(line.unit),
        link=link,
        cells=ids,
        values=(found.value, found.low, found.high),
    )


def reasons(reason: str) -> list[str]:
    """A reason for every asset, so that numbers that wait for the same one share its footnote."""
    if not reason.startswith(NEEDS):
        return [reason] if reason else []
    return [NEEDS + asset for asset in reason.removeprefix(NEEDS).split(", ")]


def change_text(line: Line) -> str:
    """The signed difference in percentage points; empty where it would mean nothing."""
    if line.change is None or line.verdict == "not comparable":
        return ""
    return numbers.difference(line.change, line.unit, line.count)


def measure(record: records.PublishedNumber) -> str:
    """``accuracy``, ``TAR at FAR=1e-4``, ``mean accuracy``."""
    name, equals, far = record.metric.partition("=")
    if not equals:
        return NAMES.get(name, name.replace("_", " "))
    return f"{NAMES.get(name, name)} at FAR={numbers.far(float(far))}"
