"""Face sets: what measures say of each, side by side under the questions of the data card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.reporting.sections.pictures import picture
from harness.reporting.sections.questions import MORE, QUESTIONS
from harness.reporting.tables.grid import Box, Grid, Head
from harness.reporting.tables.measured import MeasuredRow, sets_of, side_by_side
from harness.results.measured.records import MeasurementRecord, ValueRecord

if TYPE_CHECKING:
    from harness.results.study import Study

INTERVALS = (
    "Intervals are 95 % and resample identities. A number that was seen through a network has no "
    "meaning without it: compare sets only under one embedder."
)


@dataclass(frozen=True)
class PairsShown:
    """Pairs of one measure of one set: a picture as a data URI, or empty, and a table."""

    caption: str
    sheet: str
    grid: Grid


@dataclass
class SetQuestion:
    """One question of the data card: its numbers, notes, and pairs to look at."""

    title: str
    grid: Grid | None
    said: list[str] = field(default_factory=list)
    pairs: list[PairsShown] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Where the page shows it."""
        return "sets-" + self.title.lower().replace(" ", "-")


def face_sets(study: Study) -> list[SetQuestion]:
    """The questions that measures of this study answer, in the order of the data card."""
    records = study.measurements
    rows = side_by_side(records)
    titles = sets_of(records)
    known = {name for names in QUESTIONS.values() for name in names}
    asked = {**QUESTIONS, MORE: tuple({r.measure.name for r in records} - known)}
    found = []
    for title, names in asked.items():
        own = [record for record in records if record.measure.name in names]
        if own:
            found.append(_question(study, title, names, rows, titles, own))
    return found


def _question(
    study: Study,
    title: str,
    names: Sequence[str],
    rows: Sequence[MeasuredRow],
    titles: Mapping[str, str],
    own: Sequence[MeasurementRecord],
) -> SetQuestion:
    mine = [row for row in rows if next(filter(None, row.records)).measure.name in names]
    made = SetQuestion(title, _grid(title, mine, list(titles.values())) if mine else None)
    for record in own:
        head = f"{titles[record.set.key]}, {record.measure.label or record.measure.name}"
        said = [*record.notes]
        if record.limited is not None:
            said.append(f"a trial: the set is limited to {record.limited} identities")
        if record.integrity == "altered":
            said.append("altered: the content of the record does not fit its digest")
        made.said += [f"{head}: {note}." for note in said]
        if record.pairs:
            made.pairs.append(_pairs(study, record, head))
    made.said = list(dict.fromkeys(made.said))
    return made


def _grid(title: str, rows: Sequence[MeasuredRow], sets: Sequence[str]) -> Grid:
    heads = [Head("Measure"), Head("Metric"), Head("Embedder"),
             *(Head(name, numeric=True) for name in sets), Head("Range")]  # fmt: skip
    lines = [
        [
            Box(row.measure),
            Box(row.metric, small=row.told.text),
            Box(row.model or "none needed"),
            *(_box(value, record) for value, record in zip(row.values, row.records, strict=True)),
            Box(row.range),
        ]
        for row in rows
    ]
    caption = f"{title} of the face sets"
    return Grid(f"sets-{title.lower().replace(' ', '-')}-numbers", caption, heads, lines,
                [INTERVALS])  # fmt: skip


def _box(value: ValueRecord, record: MeasurementRecord | None) -> Box:
    mark = "altered" if record is not None and record.integrity == "altered" else ""
    if value.value is None:
        return Box("n/a", small=value.why, mark=mark)
    small = "" if value.low is None else f"[{value.low:.4g}, {value.high:.4g}]"
    return Box(f"{value.value:.4g}", sort=value.value, small=small, mark=mark,
               title=f"of {value.n:,}")  # fmt: skip


def _pairs(study: Study, record: MeasurementRecord, head: str) -> PairsShown:
    sheet = picture(study, Path(record.pictures).name) if record.pictures else ""
    heads = [Head("First"), Head("Second"), Head("Of"), Head("Similarity", numeric=True)]
    lines = [
        [
            Box(p.first),
            Box(p.second),
            Box(p.other or "the set"),
            Box(f"{p.score:.4f}", sort=p.score),
        ]
        for p in record.pairs
    ]
    caption = f"{head}: pairs to look at"
    return PairsShown(caption, sheet, Grid(f"pairs-{record.id[:12]}", caption, heads, lines))
