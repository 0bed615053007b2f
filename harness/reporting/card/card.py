"""A data card as one HTML page and one Markdown file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from harness.align.decode import decode
from harness.components import Component, FacePair, MeasuredValue
from harness.errors import DataError
from harness.faces.contact_sheet import fitted
from harness.fileio.atomic import write_text
from harness.fileio.names import require_no_links
from harness.reporting.page.page import environment
from harness.reporting.sections.questions import MORE, QUESTIONS, SOURCING
from harness.reporting.tables.escapes import markdown_cell, markdown_item
from harness.reporting.tables.measured import range_in_words
from harness.tools.sets.measure_run import MetricRow, SetMeasured, side_by_side

if TYPE_CHECKING:
    from harness.components import Images

SHOWN_PAIRS = 12
_HTML, _MARKDOWN = "card.jinja", "card.md.jinja"


@dataclass(frozen=True)
class Question:
    """One heading of the card: its rows, sentences where no number answers, and pairs to see."""

    title: str
    rows: Sequence[MetricRow]
    said: list[str]
    pairs: Sequence[ShownPairs]


@dataclass(frozen=True)
class ShownPairs:
    """NearDuplicates of one measure of one set, each with two pictures as data URIs."""

    caption: str
    pairs: Sequence[tuple[FacePair, str, str]]


def write_card(
    sets: Sequence[SetMeasured], out: Path, makers: Mapping[str, Component] = {}
) -> list[Path]:
    """Write ``index.html`` and ``card.md`` to ``out``; gives both paths.

    ``makers`` are declarations of generators by ``LabelledSet.maker``, for licence and data.
    Raises ``UsageError`` for symbolic links where it would write.
    """
    require_no_links(out, "*")
    rows = side_by_side(sets)
    questions = [_question(title, names, rows, sets) for title, names in QUESTIONS.items()]
    next(q for q in questions if q.title == SOURCING).said.extend(
        f"{item.faces.title}: {_source(item, makers)}" for item in sets
    )
    known = {name for names in QUESTIONS.values() for name in names}
    more = tuple(dict.fromkeys(row.measure for row in rows if row.measure not in known))
    if more:
        questions.append(_question(MORE, more, rows, sets))
    found = environment()
    context = {"sets": sets, "questions": questions, "cell": cell, "range": value_range}
    page = out / "index.html", out / "card.md"
    write_text(page[0], found.get_template(_HTML).render(context))
    write_text(page[1], _markdown(sets, questions))
    return list(page)


def _question(
    title: str, names: Sequence[str], rows: Sequence[MetricRow], sets: Sequence[SetMeasured]
) -> Question:
    mine = [row for row in rows if row.measure in names]
    numbers = [row for row in mine if row.metric]
    said = [
        f"Not measured: {row.title}, because {row.values[0].why}." for row in mine if not row.metric
    ]
    if title == "Bias":
        said.append(
            "Not measurable: balance over age, sex and origin, because the set states none of them "
            "for its images and no attribute network was given."
        )
    elif title == "Benchmark reliability":
        said.append(
            "Not measurable from a face set, because it is a property of trained networks on "
            "benchmarks: harness run measures it, with protocol, folds and intervals."
        )
    elif not mine and names:
        said.append(f"Not measured: {', '.join(names)} was not asked for.")
    for item in sets:
        for result in item.results:
            if result.name in names and result.found:
                said += [f"{item.faces.title}: {note}." for note in result.found.notes]
    pairs = [shown for item in sets for shown in _pairs(item, names)]
    return Question(title, numbers, said, pairs)


def _source(item: SetMeasured, makers: Mapping[str, Component]) -> str:
    maker = makers.get(item.faces.maker)
    if not item.faces.maker:
        return "not measurable, because a folder of images does not state its origin."
    if maker is None:
        return f"not measurable, because {item.faces.maker}, which made it, is not installed."
    licence = maker.licence or "not stated"
    trained = ", ".join(maker.training_data) or "no face data declared"
    return f"made by {maker.name} {maker.version}; licence: {licence}; learned from: {trained}."


def _pairs(item: SetMeasured, names: Sequence[str]) -> list[ShownPairs]:
    found = []
    for result in item.results:
        if result.name not in names or result.found is None or not result.found.pairs:
            continue
        shown = []
        for pair in result.found.pairs[:SHOWN_PAIRS]:
            own = _picture(item.pictures[""], pair.first_row)
            shown.append((pair, own, _picture(item.pictures[pair.other], pair.second_row)))
        found.append(ShownPairs(f"{item.faces.title}: {result.title}", shown))
    return found


def _picture(images: Images, row: int) -> str:
    """A tile as a data URI; empty where the image cannot be read any more."""
    try:
        image = decode(images.read(row), images.names[row])
    except DataError:
        return ""
    done, encoded = cv2.imencode(".jpg", np.ascontiguousarray(fitted(image)[..., ::-1]),
                                 [cv2.IMWRITE_JPEG_QUALITY, 85])  # fmt: skip
    assert done, "encoding a picture in memory does not fail"
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"


def cell(value: MeasuredValue) -> str:
    """A value with its interval, or why there is none."""
    if value.value is None:
        return f"n/a: {value.why}"
    text = f"{value.value:.4g}"
    return text if value.low is None else f"{text} [{value.low:.4g}, {value.high:.4g}]"


def value_range(row: MetricRow) -> str:
    """The range of a metric and which end is better, in words."""
    return range_in_words(row.info.low, row.info.high, row.info.better)


def _markdown(sets: Sequence[SetMeasured], questions: Sequence[Question]) -> str:
    names = [markdown_cell(item.faces.title) for item in sets]
    lines = ["# Data card", ""]
    for item in sets:
        model = f", embedded by {item.model}" if item.model else ""
        text = f"{item.faces.title}: {item.identities:,} identities, {item.images:,} images{model}"
        lines.append(markdown_item(text))
    for question in questions:
        lines += ["", f"## {question.title}", ""]
        if question.rows:
            lines.append(f"| metric | {' | '.join(names)} | range |")
            lines.append("|---|" + "---|" * (len(names) + 1))
            lines += [_markdown_row(row) for row in question.rows]
            lines.append("")
        lines += [markdown_item(sentence) for sentence in question.said]
    return "\n".join(lines) + "\n"


def _markdown_row(row: MetricRow) -> str:
    cells = [f"{row.metric}: {row.info.text}", *map(cell, row.values), value_range(row)]
    return f"| {' | '.join(map(markdown_cell, cells))} |"
