"""Generators and training: sample sheets, what a network saw, and how its training went."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.reporting import curves, numbers
from harness.reporting.columns import flat
from harness.reporting.damage import Damaged
from harness.reporting.drawn import Figure, draw
from harness.reporting.grid import Box, Grid, Head, texts
from harness.reporting.matrix import Names

if TYPE_CHECKING:
    from harness.reporting.study import Study
    from harness.study.result import ComponentUse

KEY = 12
JPEG = b"\xff\xd8\xff"
MEASURES = {"loss": "loss", "images_per_s": "images per second"}


@dataclass(frozen=True)
class Source:
    """A face set: what made it and a picture of it; ``sheet`` is a data URI or empty."""

    title: str
    key: str
    about: list[tuple[str, str]]
    settings: dict[str, str]
    facts: dict[str, str]
    sheet: str


@dataclass
class Training:
    """All trainings of a study."""

    figures: list[Figure] = field(default_factory=list)
    grid: Grid | None = None
    inputs: list[tuple[str, str]] = field(default_factory=list)  # title, data URI


def sources(study: Study, names: Names) -> list[Source]:
    """Every face set that a model was trained on, once."""
    made: dict[str, Source] = {}
    for result in study.results:
        use = result.cell.generator
        if use is not None and use.key not in made:
            made[use.key] = Source(
                names.row(result).source,
                use.key,
                about(use),
                flat(use.params),
                flat(use.facts),
                picture(study, f"sheet-{use.key[:KEY]}.jpg"),
            )
    return sorted(made.values(), key=lambda source: source.title)


def about(use: ComponentUse) -> list[tuple[str, str]]:
    """Provider, licence, citation and training data of a component, where stated."""
    lines = [
        ("Provider", f"{use.provider}, version {use.version}"),
        ("Licence", use.licence or "not stated"),
        ("Citation", use.citation or "not stated"),
        ("Made from", ", ".join(use.training_data)),
    ]
    return [(name, text) for name, text in lines if text]


def picture(study: Study, name: str) -> str:
    """A JPEG of the study as a data URI; empty where absent, listed as damaged where not one."""
    for path in _media(study, name):
        content = path.read_bytes()
        if content.startswith(JPEG):
            return "data:image/jpeg;base64," + base64.b64encode(content).decode()
        study.damaged.append(Damaged(path, "not a JPEG picture"))
    return ""


def _media(study: Study, name: str) -> Iterable[Path]:
    return (path for folder in study.folders if (path := folder / "media" / name).is_file())


def training(study: Study, names: Names) -> Training:
    """Loss and speed over steps, and a line of facts for every trained model."""
    made = Training()
    histories: list[dict[str, Any]] = []
    lines: list[list[Box]] = []
    seen: set[str] = set()
    for result in study.results:
        use = result.cell.model
        if result.cell.generator is None or use.key in seen:
            continue
        seen.add(use.key)
        row = names.row(result)
        common = {"generator": row.source, "model": row.model, "run": use.key[:KEY]}
        for path in _media(study, f"history-{use.key[:KEY]}.parquet"):
            histories += [{**point, **common} for point in curves.history(path, study)]
            break
        lines.append(_line(row.source, row.model, result.seed.repeat, use.facts, use.key))
        sheet = picture(study, f"inputs-{use.key[:KEY]}.jpg")
        if sheet:
            title = f"{row.source} > {row.model}, repeat {result.seed.repeat}"
            made.inputs.append((title, sheet))
    made.figures = _figures(histories)
    made.grid = _grid(lines) if lines else None
    return made


def _figures(histories: list[dict[str, Any]]) -> list[Figure]:
    drawn = []
    for column, title in MEASURES.items():
        keys = ("step", "generator", "model", "run", column)
        rows = [{key: row[key] for key in keys} for row in histories if column in row]
        if rows:
            from harness.reporting.figures import training as specification

            text = f"{title.capitalize()} over training steps, one line a training."
            spec = specification(rows, column, title)
            drawn.append(draw(f"training-{column}", title.capitalize(), text, spec))
    return drawn


def _line(source: str, model: str, repeat: int, facts: dict[str, Any], key: str) -> list[Box]:
    seconds = facts.get("seconds")
    took = Box("")
    if isinstance(seconds, int | float):
        took = Box(numbers.duration(seconds), sort=float(seconds))
    notes = facts.get("notes")
    said = "; ".join(map(str, notes)) if isinstance(notes, list) else ""
    return [
        *texts((source, model, repeat, facts.get("steps"), facts.get("images"))),
        took,
        *texts((facts.get("final_loss"), said)),
        Box(key[:KEY], title=key),
    ]


def _grid(lines: list[list[Box]]) -> Grid:
    heads = [
        Head("Generator"), Head("Model"), Head("Repeat", numeric=True), Head("Steps", numeric=True),
        Head("Images seen", numeric=True), Head("Time", numeric=True),
        Head("Final loss", numeric=True), Head("Notes"), Head("Key"),
    ]  # fmt: skip
    return Grid("trainings", "Trainings", heads, lines)
