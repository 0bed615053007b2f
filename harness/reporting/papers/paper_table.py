"""A published table beside what was measured, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from harness.published import records
from harness.reporting.papers.against import Evidence, Line, lines
from harness.reporting.tables.columns import NAMES
from harness.reporting.tables.render import Notes
from harness.reporting.tables.text_table import TextTable
from harness.results import numbers

HEADS = ("Row", "Bench", "Metric", "Published", "Measured", "Δ", "Verdict", "Seeds")
NEEDS = "needs asset "
RIGHT = frozenset({"Published", "Δ", "Seeds"})


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


def paper_table(name: str, evidence: Evidence) -> TextTable:
    """The table ``PAPER/TABLE``, one line a published number."""
    paper, _, table = name.partition("/")
    about = records.papers()[paper]
    made = TextTable(f"{name}: {about['tables'][table]}", HEADS, RIGHT)
    notes = Notes()
    found = lines(records.load(name), evidence)
    for line in found:
        made.rows.append(_row(line, notes))
        made.records.append(record_of(line))
    made.notes = [
        counted(found),
        f"Published: {about['title']}, {about['source']}.",
        *notes.lines(),
    ]
    return made


def counted(found: Sequence[Line]) -> str:
    """How many numbers have which verdict, in a sentence."""
    counts = Counter(line.verdict for line in found)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return f"{len(found)} published numbers: {told}."


def _row(line: Line, notes: Notes) -> list[str]:
    record, found = line.record, line.estimate
    measured = change = ""
    if found is not None:
        measured = numbers.measured(found.value, found.low, found.high, line.unit, line.count)
        change = change_text(line)
    marks = ", ".join(sorted(map(notes.mark, _reasons(line.reason)), key=int))
    verdict = f"{line.verdict} [{marks}]" if marks else line.verdict
    seeds = str(len(line.used)) if line.used else ""
    return [record.label, record.benchmark, measure(record), record.printed, measured, change,
            verdict, seeds]  # fmt: skip


def _reasons(reason: str) -> list[str]:
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


def record_of(line: Line) -> dict[str, object]:
    """A line in full precision; fractions, and the ids of the results behind it."""
    record, found = line.record, line.estimate
    return {
        "paper": record.paper,
        "table": record.table,
        "row": record.label,
        "benchmark": record.benchmark,
        "metric": record.metric,
        "printed": record.text,
        "unit": record.unit,
        "published": line.published,
        "measured": found.value if found else None,
        "low": found.low if found else None,
        "high": found.high if found else None,
        "change": line.change,
        "verdict": line.verdict,
        "reason": line.reason,
        "results": " ".join(item.result.id for item in line.used),
    }
