"""The comparison: rows of generator and model, columns of benchmark, protocol and metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.components import NO_MEASUREMENT
from harness.reporting.tables import columns as cols
from harness.reporting.tables import redaction
from harness.reporting.tables.columns import MetricColumn
from harness.reporting.tables.estimates import Estimate, pool
from harness.reporting.tables.labels import NO_GENERATOR, labels, signature
from harness.results.failures import CellPlace

if TYPE_CHECKING:
    from harness.reporting.tables.measured_metric import RowMeasure
    from harness.results.failures import Failure
    from harness.results.schema import ComponentUse, MetricRecord, Result

COMPARABLE = {"verified", "claimed"}
INTEGRITY_NOTES: Mapping[str, str] = {
    "altered": "altered: the result's content does not fit its digest; run the study again",
    "unverified": "unverified: the result was written without a digest by an older release",
}


@dataclass(frozen=True)
class MatrixRow:
    """A generator and the model trained on it; ``identities`` and ``images`` where known.

    ``input`` is the size of image that the network sees, ``trained`` whether it was trained here.
    """

    generator: str
    model: str
    identities: int | None = None
    images: int | None = None
    limited: int | None = None
    input: str = field(default="", compare=False)
    trained: bool = field(default=False, compare=False)

    @property
    def id(self) -> str:
        """Distinguishes rows within one table."""
        return "|".join((self.generator, self.model, str(self.limited or "")))

    @property
    def source(self) -> str:
        """The generator's label, with the limit of a limited run."""
        return f"{self.generator} [limited {self.limited}]" if self.limited else self.generator

    @property
    def title(self) -> str:
        """Generator and model in one line."""
        return f"{self.source} > {self.model}" if self.generator != NO_GENERATOR else self.model


@dataclass(frozen=True)
class Published:
    """The number a paper prints for this cell, and whether its protocol is the same."""

    value: float
    ref: str
    match: str

    @property
    def comparable(self) -> bool:
        """Whether a difference to it means anything."""
        return self.match in COMPARABLE


@dataclass(frozen=True)
class Entry:
    """What is where a row meets a column: a number, or the reason why there is none."""

    estimate: Estimate | None = None
    ids: tuple[str, ...] = ()
    note: str = ""
    failure: str = ""
    rank: str = ""  # "best", "second" or empty
    published: Published | None = None
    warnings: tuple[str, ...] = ()  # of the results, without those that are in the note
    altered: bool = False  # a result behind it does not fit its digest

    @property
    def seeds(self) -> int:
        """How many results are behind the number."""
        return len(self.ids)


@dataclass
class Matrix:
    """Rows, columns and what is where they meet, by (row id, column id)."""

    rows: list[MatrixRow]
    columns: list[MetricColumn]
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    significance: str = ""  # the test behind the marks of best and second best
    measures: tuple[RowMeasure, ...] = ()  # of the face sets, where they were asked for

    def seeds(self, row: MatrixRow) -> tuple[int, int]:
        """Fewest and most trainings behind a number of a row; zeros for a ready network."""
        found = [len(e.ids) for column in self.columns if (e := self.entry(row, column)) and e.ids]
        return (min(found), max(found)) if found and row.trained else (0, 0)

    def entry(self, row: MatrixRow, column: MetricColumn) -> Entry | None:
        """What is there; None where the pair was never run."""
        return self.entries.get((row.id, column.id))

    def ranked(self, column: MetricColumn) -> list[tuple[MatrixRow, Estimate]]:
        """Measured rows of full runs, best first; altered results have no rank."""
        found = []
        for row in self.rows:
            entry = self.entry(row, column)
            if entry and entry.estimate and not row.limited and not entry.altered:
                found.append((row, entry.estimate))
        return sorted(found, key=lambda pair: pair[1].value, reverse=column.higher_is_better)


@dataclass(frozen=True)
class Names:
    """Labels of generators and models, distinct among a set of results."""

    generators: dict[str, str]
    models: dict[str, str]

    @classmethod
    def of(cls, results: Sequence[Result]) -> Names:
        """The labels of these results' components."""
        return cls(
            labels(result.cell.generator for result in results),
            labels(result.cell.model for result in results),
        )

    def row(self, result: Result) -> MatrixRow:
        """The row a result stands in."""
        source = result.cell.generator
        return MatrixRow(
            self.generators[signature(source)],
            self.models[signature(result.cell.model)],
            *_size(source),
            limited=result.limited,
            input=_input(result.protocol.get("input")),
            trained="model" in result.provenance.inputs,
        )


def build(
    results: Sequence[Result],
    failures: Sequence[Failure] = (),
    *,
    headline: bool = True,
    names: Names | None = None,
) -> Matrix:
    """Arrange results; repeats of a cell become one entry.

    Where one cell was measured twice with the same seed (other code, other device), the newest
    result stands and the entry says so. ``names`` are the labels of a larger set of results.
    """
    names = names or Names.of(results)
    places = cols.columns_of(results, headline=headline)
    gathered: dict[tuple[str, str], list[tuple[Result, MetricRecord]]] = {}
    rows: dict[str, MatrixRow] = {}
    for (index, position), column in places.items():
        result = results[index]
        row = names.row(result)
        rows.setdefault(row.id, row)
        found = gathered.setdefault((row.id, column.id), [])
        found.append((result, result.metrics[position]))
    distinct = {column.id: column for column in places.values()}
    ordered = sorted(distinct.values(), key=_column_order)
    matrix = Matrix(list(rows.values()), ordered)
    matrix.entries = {place: _entry(found) for place, found in gathered.items()}
    _add_failures(matrix, failures)
    matrix.rows.sort(key=lambda row: (row.limited is not None, row.model, row.generator))
    return matrix


def _input(facts: Any) -> str:
    """``112 x 112``; empty where a result does not say it."""
    sides = [facts.get(side) for side in ("width", "height")] if isinstance(facts, Mapping) else []
    return " x ".join(map(str, sides)) if sides and None not in sides else ""


def _size(use: ComponentUse | None) -> tuple[int | None, int | None]:
    """Identities and images of a face set: as counted, else as asked for."""
    if use is None:
        return None, None
    identities = use.facts.get("identities", use.params.get("identities"))
    each = use.params.get("images_per_id")
    asked = identities * each if isinstance(identities, int) and isinstance(each, int) else None
    images = use.facts.get("faces", use.facts.get("images", asked))
    return (identities if isinstance(identities, int) else None,
            images if isinstance(images, int) else None)  # fmt: skip


def _column_order(column: MetricColumn) -> tuple[Any, ...]:
    return (column.benchmark, column.comparison, column.metric, column.at, column.variant)


def _entry(found: list[tuple[Result, MetricRecord]]) -> Entry:
    newest: dict[tuple[int, int], tuple[Result, MetricRecord]] = {}
    for result, metric in sorted(found, key=lambda pair: pair[0].created):
        newest[result.seed.root, result.seed.repeat] = (result, metric)
    kept = list(newest.values())
    said = [text for result, _ in kept for text in result.warnings]
    made_up = [text for text in said if text.startswith(NO_MEASUREMENT)]
    warnings = [text for text in said if not text.startswith(NO_MEASUREMENT)]
    metric_notes = [metric.note for _, metric in kept if metric.note]
    states = {result.integrity for result, _ in kept}
    integrity = [text for state, text in INTEGRITY_NOTES.items() if state in states]
    notes = list(dict.fromkeys([*integrity, *made_up, *metric_notes]))
    if len(found) > len(kept):
        notes.append(f"{len(found) - len(kept)} older results of the same cell and seed not shown")
    return Entry(
        estimate=pool([metric for _, metric in kept]),
        ids=tuple(result.id for result, _ in kept),
        note="; ".join(notes),
        published=_published(*kept[0]),
        warnings=tuple(dict.fromkeys(warnings)),
        altered="altered" in states,
    )


def _published(result: Result, metric: MetricRecord) -> Published | None:
    """The printed number for this metric."""
    for record in result.published:
        if record.metric == metric.name and record.at.items() <= metric.at.items():
            return Published(record.value, record.ref, record.protocol_match)
    return None


def _add_failures(matrix: Matrix, failures: Sequence[Failure]) -> None:
    """Put failed cells where they belong, or into rows of their own."""
    for failure in failures:
        said = redaction.message(failure.message or failure.error)
        text = f"failed at {failure.stage}: {said}"
        for place in filter(None, map(CellPlace.of, failure.planned)):
            rows = [row for row in matrix.rows if _may_hold(row, place)]
            if len(rows) != 1:
                rows = [MatrixRow(place.generator or NO_GENERATOR, place.model)]
                if rows[0].id not in {row.id for row in matrix.rows}:
                    matrix.rows += rows
            for column in matrix.columns:
                if (column.benchmark, column.comparison) == (place.benchmark, place.comparison):
                    _add_failure(matrix, (rows[0].id, column.id), text)


def _add_failure(matrix: Matrix, where: tuple[str, str], text: str) -> None:
    """Say that a cell failed; beside a number it was another repeat or setting."""
    entry = matrix.entries.get(where)
    if entry is None:
        matrix.entries[where] = Entry(failure=text)
    elif not entry.failure:
        notes = filter(None, (entry.note, f"another repeat or setting {text}"))
        matrix.entries[where] = replace(entry, note="; ".join(notes))


def _may_hold(row: MatrixRow, place: CellPlace) -> bool:
    """Whether a row with these labels may hold a cell of which only names are known."""
    pairs = ((place.generator or NO_GENERATOR, row.generator), (place.model, row.model))
    return all(label == name or label.startswith(f"{name} (") for name, label in pairs)
