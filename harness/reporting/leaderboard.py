"""Many studies in one ranking: mean rank, Borda count, and accuracy minus its spread over groups.

Rows that cannot be ranked fairly stay in the list and say why: runs limited to a part of the data,
trainings in which people of a benchmark were found, results whose digest does not fit, and rows
that lack a benchmark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.errors import NothingSelectedError
from harness.reporting.tables.columns import MetricColumn
from harness.reporting.tables.estimates import pool
from harness.reporting.tables.matrix import Matrix, MatrixRow, Names, build
from harness.reporting.tables.render import column_titles
from harness.reporting.tables.text_table import TextTable
from harness.results import numbers
from harness.results.leaks import leaks_of
from harness.results.schema import MetricRecord
from harness.results.study import Study

ALTERED = "altered: the content of a result does not fit its digest"
TRADE_OFF = "accuracy-trade-off"
FEWEST = 2  # rows that a measure needs to be ranked by


@dataclass(frozen=True)
class RankedRow:
    """One row. ``values`` and ``ranks`` are by column id; ``excluded`` says why it has no rank.

    ``borda`` is the sum over measures of the rows that it beats, a tie being half a row (the
    ranking of SDFR); ``trade_off`` the mean accuracy over groups minus their standard deviation
    with ddof 0, a fraction (the ranking of FRCSyn), or None where no groups were measured.
    """

    row: MatrixRow
    values: Mapping[str, float]
    ranks: Mapping[str, float]
    mean_rank: float | None
    borda: float | None
    trade_off: float | None
    excluded: str = ""


@dataclass(frozen=True)
class Leaderboard:
    """Places, best first, those without a rank last; ``columns`` are the measures ranked by."""

    columns: tuple[MetricColumn, ...]
    places: tuple[RankedRow, ...]
    matrix: Matrix


def leaderboard(study: Study, benchmarks: Sequence[str] = ()) -> Leaderboard:
    """Rank the rows of a study, or of several read as one.

    Measures are the headline numbers that at least two rows have, or those of ``benchmarks``.
    Raises ``NothingSelectedError`` where no measure is left.
    """
    names = Names.of(study.results)
    matrix = build(study.results, names=names)
    columns = tuple(
        column
        for column in matrix.columns
        if (not benchmarks or {column.benchmark, column.bench} & set(benchmarks))
        and sum(_value(matrix, row, column) is not None for row in matrix.rows) >= FEWEST
    )
    if not columns:
        raise NothingSelectedError("no measure has two rows to rank; give more studies")
    leaked, trade_offs = _leaked(study, names), _trade_offs(study, names)
    values = {row.id: _values(matrix, row, columns) for row in matrix.rows}
    altered = {row.id for row in matrix.rows for column in matrix.columns
               if (entry := matrix.entry(row, column)) and entry.altered}  # fmt: skip
    excluded = {
        row.id: ALTERED if row.id in altered else _excluded(row, values[row.id], columns, leaked)
        for row in matrix.rows
    }
    ranked = [row for row in matrix.rows if not excluded[row.id]]
    ranks: dict[str, dict[str, float]] = {row.id: {} for row in matrix.rows}
    for column in columns:
        sign = 1 if column.higher_is_better else -1
        given = average_ranks([sign * values[row.id][column.id] for row in ranked])
        for row, rank in zip(ranked, given, strict=True):
            ranks[row.id][column.id] = rank
    places = [
        RankedRow(
            row,
            values[row.id],
            ranks[row.id],
            fmean(ranks[row.id].values()) if ranks[row.id] else None,
            sum(len(ranked) - rank for rank in ranks[row.id].values()) if ranks[row.id] else None,
            trade_offs.get(row.id),
            excluded[row.id],
        )
        for row in matrix.rows
    ]
    places.sort(key=lambda place: (bool(place.excluded), -(place.borda or 0), place.row.id))
    return Leaderboard(columns, tuple(places), matrix)


def average_ranks(values: Sequence[float]) -> list[float]:
    """Rank of each value, 1 for the highest; equal values share the mean of their ranks."""
    return [
        1 + sum(other > value for other in values) + (values.count(value) - 1) / 2
        for value in values
    ]


def _value(matrix: Matrix, row: MatrixRow, column: MetricColumn) -> float | None:
    entry = matrix.entry(row, column)
    return entry.estimate.value if entry and entry.estimate and not entry.altered else None


def _values(matrix: Matrix, row: MatrixRow, columns: Iterable[MetricColumn]) -> dict[str, float]:
    found = {column.id: _value(matrix, row, column) for column in columns}
    return {key: value for key, value in found.items() if value is not None}


def _excluded(
    row: MatrixRow,
    values: Mapping[str, float],
    columns: Sequence[MetricColumn],
    leaked: Mapping[str, str],
) -> str:
    if row.limited is not None:
        return f"limited to {row.limited}"
    if row.id in leaked:
        return leaked[row.id]
    absent = [column.bench for column in columns if column.id not in values]
    return f"lacks {', '.join(dict.fromkeys(absent))}" if absent else ""


def _leaked(study: Study, names: Names) -> dict[str, str]:
    """Rows trained on a set in which `harness leak` found people of a benchmark that they have."""
    known = [leaks_of(folder) for folder in study.folders]
    found: dict[str, dict[str, None]] = {}
    for result in study.results:
        for reports in known:
            for key in result.provenance.inputs.values():
                benchmark = result.cell.benchmark.name
                if any(report.leaked for report in reports.get((key, benchmark), ())):
                    found.setdefault(names.row(result).id, {})[benchmark] = None
    return {row: f"training set has people of {', '.join(names)}" for row, names in found.items()}


def _trade_offs(study: Study, names: Names) -> dict[str, float]:
    """Accuracy minus spread over groups by row, the mean over seeds and benchmarks."""
    found: dict[str, dict[str, list[MetricRecord]]] = {}
    for result in (result for result in study.results if result.integrity != "altered"):
        for metric in result.metrics:
            if metric.name == TRADE_OFF:
                of_row = found.setdefault(names.row(result).id, {})
                of_row.setdefault(result.cell.benchmark.name, []).append(metric)
    pooled = {
        row: [estimate.value for metrics in by.values() if (estimate := pool(metrics))]
        for row, by in found.items()
    }
    return {row: fmean(values) for row, values in pooled.items() if values}


def text_table(board: Leaderboard) -> TextTable:
    """The ranking as text."""
    ids = [column.id for column in board.matrix.columns]
    titles = dict(zip(ids, column_titles(board.matrix), strict=True))
    measures = [titles[column.id] for column in board.columns]
    heads = ["#", "Generator", "Model", "Borda", "Mean rank", "AVG-STD", *measures, "Not ranked"]
    made = TextTable("Leaderboard", heads, frozenset(heads) - {"Generator", "Model", "Not ranked"})
    for position, place in enumerate(board.places, start=1):
        made.rows.append(_row(board, place, position))
        made.records.append({
            "generator": place.row.generator, "model": place.row.model, "borda": place.borda,
            "mean_rank": place.mean_rank, "avg_minus_std": place.trade_off,
            **{titles[key]: place.values.get(key) for key in (c.id for c in board.columns)},
            "not_ranked": place.excluded,
        })  # fmt: skip
    made.notes = [
        "Borda: rows beaten, summed over the measures, ties half.",
        "AVG-STD: mean accuracy over groups minus their standard deviation (ddof 0), in percent.",
        "Ranks take no account of chance: `harness compare` tests a difference.",
    ]
    return made


def _row(board: Leaderboard, place: RankedRow, position: int) -> list[str]:
    def shown(value: float | None) -> str:
        return "" if value is None else f"{value:g}"

    ranked = not place.excluded
    return [
        str(position) if ranked else "",
        place.row.source,
        place.row.model,
        shown(place.borda),
        "" if place.mean_rank is None else f"{place.mean_rank:.2f}",
        "" if place.trade_off is None else numbers.number(place.trade_off),
        *(
            numbers.number(place.values[c.id], c.unit, c.count) if c.id in place.values else ""
            for c in board.columns
        ),
        place.excluded,
    ]
