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
from harness.reporting.compare.rows import RowTests, judge_rows
from harness.reporting.tables.columns import MetricColumn
from harness.reporting.tables.comparison import column_head
from harness.reporting.tables.estimates import pool
from harness.reporting.tables.grid import Grid
from harness.reporting.tables.matrix import Matrix, MatrixRow, Names, build
from harness.reporting.tables.table_column import TableColumn, table_of
from harness.results import numbers
from harness.results.leak_record import leaks_of
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
    ``rank`` is by ``borda``, equal ones sharing the best; ``behind`` the number of measures on
    which another ranked row is significantly ahead.
    """

    row: MatrixRow
    values: Mapping[str, float]
    ranks: Mapping[str, float]
    mean_rank: float | None
    borda: float | None
    trade_off: float | None
    excluded: str = ""
    rank: int | None = None
    behind: int | None = None


@dataclass(frozen=True)
class Leaderboard:
    """Places, best first, those without a rank last; ``columns`` are the measures ranked by."""

    columns: tuple[MetricColumn, ...]
    places: tuple[RankedRow, ...]
    matrix: Matrix
    significance: str = ""


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
    borda = {row.id: sum(len(ranked) - rank for rank in ranks[row.id].values()) for row in ranked}
    tests = judge_rows(matrix, study.cells)
    places = [
        RankedRow(
            row,
            values[row.id],
            ranks[row.id],
            fmean(ranks[row.id].values()) if ranks[row.id] else None,
            borda.get(row.id),
            trade_offs.get(row.id),
            excluded[row.id],
            1 + sum(other > borda[row.id] for other in borda.values()) if row in ranked else None,
            _behind(tests, columns, row, ranked) if row in ranked else None,
        )
        for row in matrix.rows
    ]
    places.sort(key=lambda place: (bool(place.excluded), -(place.borda or 0), place.row.id))
    return Leaderboard(columns, tuple(places), matrix, tests.note())


def _behind(
    tests: RowTests, columns: Sequence[MetricColumn], row: MatrixRow, ranked: Sequence[MatrixRow]
) -> int:
    """On how many measures another ranked row is significantly ahead."""
    return sum(
        any(tests.ahead_of_all(column, other, [row]) for other in ranked if other is not row)
        for column in columns
    )


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


def ranking(board: Leaderboard) -> Grid:
    """The ranking as a table."""
    made = table_of("leaderboard", "Leaderboard", _columns(board), board.places)
    made.notes = [
        "#: by Borda; equal ones share a rank.",
        "Borda: rows beaten, summed over the measures, ties half.",
        "Behind on: measures on which another ranked row is significantly ahead.",
        "Ranks themselves take no account of chance.",
        "AVG-STD: mean accuracy over groups minus their standard deviation (ddof 0), in percent.",
    ]
    if board.significance:
        made.notes.append(board.significance)
    return made


def _columns(board: Leaderboard) -> list[TableColumn[RankedRow]]:
    """Every column of the ranking, the measures among them."""
    return [
        TableColumn("#", "rank", lambda place: place.rank, numeric=True),
        TableColumn("Generator", "generator", lambda place: place.row.generator,
                    text=lambda place: place.row.source),
        TableColumn("Model", "model", lambda place: place.row.model),
        TableColumn("Borda", "borda", lambda place: place.borda, numeric=True),
        TableColumn("Mean rank", "mean_rank", lambda place: place.mean_rank, numeric=True,
                    text=lambda p: "" if p.mean_rank is None else f"{p.mean_rank:.2f}"),
        TableColumn("Behind on", "behind_on", lambda place: place.behind, numeric=True),
        TableColumn("AVG-STD", "avg_minus_std", lambda place: place.trade_off, numeric=True,
                    text=lambda p: "" if p.trade_off is None else numbers.number(p.trade_off)),
        *(_measure(column) for column in board.columns),
        TableColumn("Not ranked", "not_ranked", lambda place: place.excluded),
    ]  # fmt: skip


def _measure(column: MetricColumn) -> TableColumn[RankedRow]:
    title = column_head(column).plain

    def text(place: RankedRow) -> str:
        value = place.values.get(column.id)
        return "" if value is None else numbers.number(value, column.unit, column.count)

    return TableColumn(title, title, lambda p: p.values.get(column.id), numeric=True, text=text)
