"""Failures: stages that broke, files that cannot be read, and images in which no face was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.reporting.tables import redaction
from harness.reporting.tables.grid import Box, Grid, Head, texts
from harness.reporting.tables.matrix import Names

if TYPE_CHECKING:
    from harness.results.study import Study


@dataclass(frozen=True)
class Broken:
    """A failed stage for its template, without folders of the machine."""

    stage: str
    label: str
    error: str
    message: str
    traceback: str
    attempt: int
    cells: tuple[str, ...]
    planned: bool


def broken(study: Study) -> list[Broken]:
    """The failed stages."""
    return [
        Broken(
            failure.stage,
            failure.label,
            failure.error,
            redaction.message(failure.message),
            redaction.message(failure.traceback),
            failure.attempt,
            failure.cells,
            bool(failure.planned) or not failure.cells,
        )
        for failure in study.failures
    ]


def enrolment(study: Study, names: Names) -> Grid | None:
    """The failure-to-enrol rate of every set of images, as each model's faces were aligned."""
    rows: dict[tuple[str, str], list[Box]] = {}
    for result in study.results:
        found = result.enrolment
        if found is None:
            continue
        bench, row = result.cell.benchmark.name, names.row(result)
        key = (bench, result.provenance.inputs.get("placements", f"{row.id} {result.limited}"))
        rate = found.failure_rate if found.failure_rate is not None else 0.0
        by = ", ".join(f"{rule} {count:,}" for rule, count in found.placed_by.items() if count)
        rows.setdefault(key, [
            *texts((bench, row.model, by, found.images, found.failed)),
            Box(f"{100 * rate:.2f}", sort=rate), Box(_reasons(found.reasons)),
            Box(", ".join(found.failed_names[:3]) + (" …" if found.failed > 3 else "")),
        ])  # fmt: skip
    if not rows:
        return None
    heads = [
        Head("Benchmark"), Head("Model"), Head("Aligned by"), Head("Images", numeric=True),
        Head("Without a face", numeric=True), Head("Failure to enrol", numeric=True, small="%"),
        Head("Why"), Head("Examples"),
    ]  # fmt: skip
    note = (
        "Pairs with an undetected face are scored by the protocol's rule and are never dropped; "
        "the rule is in the protocols tab."
    )
    caption = "Failure to enrol: images in which no face was found"
    return Grid("enrolment", caption, heads, list(rows.values()), [note])


def _reasons(reasons: Mapping[str, int]) -> str:
    return "; ".join(f"{count:,} {reason}" for reason, count in reasons.items())


def damaged(study: Study) -> Grid | None:
    """Files that could not be read."""
    if not study.damaged:
        return None
    rows = [
        [Box(_inside(study, item.path)), Box(redaction.message(item.reason))]
        for item in study.damaged
    ]
    heads = [Head("File"), Head("Why")]
    return Grid("damaged", "Files of the study that could not be read", heads, rows)


def _inside(study: Study, path: object) -> str:
    """A path relative to its study: a report names no folder of the machine it was made on."""
    for folder in study.folders:
        text = str(path)
        if text.startswith(str(folder)):
            return text[len(str(folder)) :].lstrip("/\\")
    return redaction.name(str(path))
