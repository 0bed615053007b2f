"""Every two rows of a table, tested as `harness compare` tests them.

All statements of a report about who is ahead are made of these tests: marks in the table, its
first sentence, the cards and the ranking.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from harness.errors import DataError
from harness.metrics.uncertainty.paired import holm
from harness.reporting.compare import intervals
from harness.reporting.compare.influences import Influences, influences_of
from harness.reporting.compare.methods import headline, is_trained, one_per_training
from harness.reporting.compare.paired import SIGNIFICANT, ScoreDifference, paired_test
from harness.reporting.compare.scores import read_stored
from harness.reporting.tables.columns import MetricColumn
from harness.reporting.tables.matrix import Entry, Matrix, MatrixRow
from harness.results.study import Cell


@dataclass(frozen=True)
class RowDifference:
    """One row less another on one column; ``p_value`` is adjusted for all tests of the table."""

    column: MetricColumn
    first: MatrixRow
    second: MatrixRow
    found: ScoreDifference
    p_value: float

    @property
    def significant(self) -> bool:
        """Whether the difference is more than chance."""
        return self.p_value < SIGNIFICANT and self.found.effect != 0

    @property
    def ahead(self) -> bool:
        """Whether the first row is significantly better."""
        return self.significant and (self.found.effect > 0) == self.column.higher_is_better

    def reversed(self) -> RowDifference:
        """The second row less the first."""
        low, high = self.found.low, self.found.high
        found = replace(
            self.found,
            effect=-self.found.effect,
            low=None if high is None else -high,
            high=None if low is None else -low,
        )
        return replace(self, first=self.second, second=self.first, found=found)


class RowTests:
    """Tests of every two ranked rows on every column of a table.

    On stored scores of the same comparisons where these are at hand, else on the rows' intervals.
    P-values are corrected for the number of all tests (Holm); with two rows they are those of
    `harness compare`.
    """

    def __init__(self, matrix: Matrix, cells: Iterable[Cell] = ()) -> None:
        self._by_id = {cell.result.id: cell for cell in cells}
        self._influences: dict[str, Influences | None] = {}
        self._most_seeds = max((matrix.seeds(row)[1] for row in matrix.rows), default=0)
        raw = [found for column in matrix.columns for found in self._of(matrix, column)]
        adjusted = holm([found.p_value for found in raw]) if raw else ()
        self._found = {
            (found.column.id, found.first.id, found.second.id): replace(found, p_value=p)
            for found, p in zip(raw, adjusted, strict=True)
        }

    def between(
        self, column: MetricColumn, first: MatrixRow, second: MatrixRow
    ) -> RowDifference | None:
        """The first row less the second; None where there is no test."""
        found = self._found.get((column.id, first.id, second.id))
        if found is not None:
            return found
        other = self._found.get((column.id, second.id, first.id))
        return other.reversed() if other else None

    def ahead_of_all(
        self, column: MetricColumn, row: MatrixRow, others: Sequence[MatrixRow]
    ) -> bool:
        """Whether a row is significantly better than each of the others."""
        tests = [self.between(column, row, other) for other in others]
        return bool(tests) and all(test is not None and test.ahead for test in tests)

    def of(self, column: MetricColumn) -> list[RowDifference]:
        """All tests of a column."""
        return [found for key, found in self._found.items() if key[0] == column.id]

    @property
    def all(self) -> list[RowDifference]:
        """All tests of the table."""
        return list(self._found.values())

    @property
    def single_trainings(self) -> bool:
        """Whether rows that were trained have one training each."""
        return self._most_seeds == 1

    def note(self) -> str:
        """Which test decided, and for how many tests it was corrected; empty without tests."""
        if not self._found:
            return ""
        names = Counter(found.found.test for found in self._found.values())
        tests = "; ".join(f"{name} ({count})" if len(names) > 1 else name
                          for name, count in names.most_common())  # fmt: skip
        many = len(self._found)
        corrected = (
            f", after Holm's correction for the {many} tests of this table" if many > 1 else ""
        )
        return f"Significant: p < {SIGNIFICANT:g}{corrected}. Test: {tests}."

    # -- testing -----------------------------------------------------------------------------------

    def _of(self, matrix: Matrix, column: MetricColumn) -> list[RowDifference]:
        ranked = matrix.ranked(column)
        if len(ranked) < 2:
            return []
        rows = [row for row, _ in ranked]
        known = {row.id: self._side(matrix.entry(row, column), column) for row in rows}
        found = []
        for first, second in combinations(rows, 2):
            test = self._test(matrix, column, first, second, known)
            if test is not None:
                found.append(RowDifference(column, first, second, test, test.p_value))
        return found

    def _test(
        self, matrix: Matrix, column: MetricColumn, first: MatrixRow, second: MatrixRow,
        known: dict[str, tuple[list[Influences], bool]],
    ) -> ScoreDifference | None:  # fmt: skip
        (one, fixed_one), (other, fixed_other) = known[first.id], known[second.id]
        if one and other:
            found = paired_test(other, one, fixed=(fixed_other, fixed_one))
            if found is not None:
                return found
        entries = [matrix.entry(row, column) for row in (second, first)]
        a, b = (entry.estimate if entry else None for entry in entries)
        return intervals.estimates_test(a, b) if a and b else None

    def _side(self, entry: Entry | None, column: MetricColumn) -> tuple[list[Influences], bool]:
        """The stored scores of a row's trainings, if any, and whether it is a ready network."""
        cells = [self._by_id[key] for key in (entry.ids if entry else ()) if key in self._by_id]
        trained = any(is_trained(cell.result) for cell in cells)
        cells = list(one_per_training(cells))
        if any(not _is_headline(cell, column) for cell in cells):
            return [], not trained
        found = [self._read(cell) for cell in cells]
        known = [one for one in found if one is not None]
        return (known if len(known) == len(found) else []), not trained

    def _read(self, cell: Cell) -> Influences | None:
        key = cell.result.id
        if key not in self._influences:
            self._influences[key] = _read(cell)
        return self._influences[key]


def _is_headline(cell: Cell, column: MetricColumn) -> bool:
    from harness.results.operating_points import operating_point

    found = headline(cell.result)
    return found is not None and (found.name, operating_point(found.at)) == (
        column.metric,
        column.at,
    )


def _read(cell: Cell) -> Influences | None:
    """None without readable scores; `harness compare` and `harness trace` name the file."""
    path = None if cell.mailed else cell.file(cell.result.raw.get("scores", ""))
    if path is None:
        return None
    try:
        stored = read_stored(cell)
        return None if stored is None else influences_of(stored)
    except (DataError, KeyError, ValueError):
        return None


def judge_rows(matrix: Matrix, cells: Iterable[Cell] = ()) -> RowTests:
    """Test the rows of a table, and mark best and second best where that is significant."""
    tests = RowTests(matrix, cells)
    for column in matrix.columns:
        _mark(matrix, column, tests)
    matrix.significance = tests.note()
    return tests


def _mark(matrix: Matrix, column: MetricColumn, tests: RowTests) -> None:
    rows = [row for row, _ in matrix.ranked(column)]
    for place, rank in enumerate(("best", "second")):
        row, rest = (rows[place], rows[place + 1 :]) if len(rows) > place + 1 else (None, [])
        if row is None or not tests.ahead_of_all(column, row, rest):
            return
        entry = matrix.entries[row.id, column.id]
        matrix.entries[row.id, column.id] = replace(entry, rank=rank)
