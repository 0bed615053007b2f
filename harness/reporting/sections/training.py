"""Training: loss, speed and validation over all phases, and a line of facts for every phase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Any

from harness.reporting.figures import curves
from harness.reporting.figures.figure_embed import Figure, draw
from harness.reporting.figures.series import drawn_series
from harness.reporting.sections.pictures import KEY, media, picture
from harness.reporting.sections.series_names import SeriesNames
from harness.reporting.tables.grid import Box, Grid, Head, texts
from harness.reporting.tables.matrix import Names
from harness.results import numbers

if TYPE_CHECKING:
    from harness.results.schema import Result
    from harness.results.study import Study

MEASURES = {
    "loss": "loss",
    "validation_accuracy": "validation accuracy",
    "images_per_s": "images per second",
}
SPEED = "images_per_s"
"""Depends on what else the machine did, so it is in the details."""

Points = Sequence[Mapping[str, float]]
"""The rows of a training history."""


@dataclass
class TrainingSection:
    """All trainings of a study."""

    figures: list[Figure] = field(default_factory=list)
    speed: list[Figure] = field(default_factory=list)
    grid: Grid | None = None
    inputs: list[tuple[str, str]] = field(default_factory=list)  # title, data URI


@dataclass(frozen=True)
class RecordedPhase:
    """One phase of one training: its place, its key in the store, and what is recorded of it."""

    number: int  # from 1
    key: str
    facts: Mapping[str, Any]


def phases(result: Result) -> Iterator[RecordedPhase]:
    """All phases of a result's training, first to last; none for a ready model."""
    inputs, model = result.provenance.inputs, result.cell.model
    earlier = model.facts.get("earlier_phases", [])
    for number, facts in enumerate(earlier):
        yield RecordedPhase(number + 1, inputs.get(f"model.{number}", ""), facts)
    if "model" in inputs:
        yield RecordedPhase(len(earlier) + 1, inputs["model"], model.facts)


def training(study: Study, names: Names, series: SeriesNames) -> TrainingSection:
    """Figures over steps, a row for every phase, and what the networks saw."""
    made = TrainingSection()
    among = sum(1 for result in _trained(study) for _ in phases(result))
    histories: dict[tuple[str, int], list[list[dict[str, Any]]]] = {}
    lines: list[list[Box]] = []
    for result in _trained(study):
        row, before = names.row(result), 0.0
        for phase in phases(result):
            points = _history(study, phase.key, among)
            if points:
                moved = [{**point, "step": point["step"] + before} for point in points]
                histories.setdefault((series.label(result), phase.number), []).append(moved)
            before += float(phase.facts.get("steps", points[-1]["step"] if points else 0))
            lines.append(_line(row.source, row.model, result.seed.repeat, phase))
            sheet = picture(study, f"inputs-{phase.key[:KEY]}.jpg")
            if sheet:
                title = f"{row.title}, repeat {result.seed.repeat}, phase {phase.number}"
                made.inputs.append((title, sheet))
    drawn = _figures(histories, series)
    made.speed = [figure for figure in drawn if figure.id == f"training-{SPEED}"]
    made.figures = [figure for figure in drawn if figure not in made.speed]
    made.grid = _grid(lines) if lines else None
    return made


def _trained(study: Study) -> list[Result]:
    """The first result of every trained model."""
    found: dict[str, Result] = {}
    for result in study.results:
        key = result.cell.model.key
        if key == result.provenance.inputs.get("model"):
            found.setdefault(key, result)
    return list(found.values())


def _history(study: Study, key: str, among: int) -> list[dict[str, float]]:
    for path in media(study, f"history-{key[:KEY]}.parquet"):
        return curves.history(path, study, among)
    return []


def _figures(
    histories: Mapping[tuple[str, int], Sequence[Points]], series: SeriesNames
) -> list[Figure]:
    """A figure for every measure; the rows of all are in the page once."""
    from harness.reporting.figures.values import training as specification

    found = [
        row for (label, phase), each in histories.items() for row in _joined(label, phase, each)
    ]
    measures = [column for column in MEASURES if any(column in row for row in found)]
    names = [name for column in measures for name in (column, *_ends(column))]
    kept = [name for name in names if any(row.get(name) is not None for row in found)]
    rows = [
        {key: row.get(key) for key in ("step", "series", "phase", "run", *kept)} for row in found
    ]
    drawn = drawn_series((str(row["series"]) for row in rows), series.order)
    figures: list[Figure] = []
    for column in measures:
        title = MEASURES[column]
        banded = _ends(column)[0] in kept
        text = (
            f"{title.capitalize()} over training steps, a line per series and phase"
            + ("; the mean over seeds, with a band from the lowest to the highest" * banded)
            + f". {drawn.note}"
        )
        spec = specification(rows, column, title, drawn)
        first = figures[0].id if figures else ""
        figures.append(draw(f"training-{column}", title.capitalize(), text, spec, data_of=first))
    return figures


def _joined(label: str, phase: int, each: Sequence[Points]) -> list[dict[str, Any]]:
    """Mean, lowest and highest of the trainings of a series, where they took the same steps."""
    steps = [[point["step"] for point in points] for points in each]
    common = {"series": label, "phase": phase}
    if len(each) == 1 or any(one != steps[0] for one in steps):
        return [{**point, **common, "run": f"{label}.{phase}.{number}"}
                for number, points in enumerate(each) for point in points]  # fmt: skip
    rows = []
    for points in zip(*each, strict=True):
        row: dict[str, Any] = {"step": points[0]["step"], **common, "run": f"{label}.{phase}"}
        for column in MEASURES:
            values = [point[column] for point in points if column in point]
            if values:
                low, high = _ends(column)
                row |= {column: _short(fmean(values)), low: min(values), high: max(values)}
        rows.append(row)
    return rows


def _ends(column: str) -> tuple[str, str]:
    return f"{column}_low", f"{column}_high"


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _line(source: str, model: str, repeat: int, phase: RecordedPhase) -> list[Box]:
    facts = phase.facts
    assumed = (f"{name} is assumed" for name in _texts(facts.get("assumed")))
    said = [*_texts(facts.get("notes")), *assumed]
    accuracy = facts.get("validation_accuracy")
    return [
        *texts((source, model, repeat, phase.number, trained_on(facts))),
        *texts((facts.get("steps"), facts.get("images"))),
        _timed(facts.get("seconds")),
        *texts((facts.get("final_loss"),)),
        Box("") if accuracy is None else Box(numbers.number(accuracy), sort=float(accuracy)),
        Box("; ".join(said)),
        Box(phase.key[:KEY], title=phase.key),
    ]


def _timed(seconds: object) -> Box:
    if not isinstance(seconds, int | float):
        return Box("")
    return Box(numbers.duration(seconds), sort=float(seconds))


def _texts(values: object) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list) else []


def trained_on(facts: Mapping[str, Any]) -> str:
    """The face sets of a phase and their sizes: ``bfm 100 identities, 2,000 images``."""
    said = []
    for part in facts.get("trained_on", []):
        sizes = [f"{part[name]:,} {name}" for name in ("identities", "images")
                 if isinstance(part.get(name), int)]  # fmt: skip
        name = part.get("name") or part.get("source") or str(part.get("key", ""))[:KEY]
        said.append(f"{name} {', '.join(sizes)}".strip())
    return " + ".join(said)


def _grid(lines: list[list[Box]]) -> Grid:
    heads = [
        Head("Generator"), Head("Model"), Head("Repeat", numeric=True), Head("Phase", numeric=True),
        Head("Trained on"), Head("Steps", numeric=True), Head("Images", numeric=True),
        Head("Time", numeric=True), Head("Final loss", numeric=True),
        Head("Validation", numeric=True, small="accuracy %"), Head("Notes"), Head("Key"),
    ]  # fmt: skip
    return Grid("trainings", "Trainings, a row for each phase", heads, lines)
