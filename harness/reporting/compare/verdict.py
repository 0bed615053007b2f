"""What a study shows, in words: first what is significant, never an order that is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from harness.reporting.compare.rows import RowDifference, RowTests
from harness.reporting.tables.columns import MetricColumn
from harness.reporting.tables.estimates import Estimate
from harness.reporting.tables.matrix import Matrix, MatrixRow
from harness.results import numbers

NETWORKS = "One training each: this compares networks, not methods."


@dataclass(frozen=True)
class Standing:
    """The ranked rows of one column, highest first, and how far the first is from the next.

    Rows with equal values share a rank: ``ties`` are those that have the value of the first.
    ``change`` is the first less the next lower row, None where there is no test.
    """

    column: MetricColumn
    ranked: tuple[tuple[MatrixRow, Estimate], ...]
    change: RowDifference | None = None
    clear: bool = False  # significantly ahead of every other row

    @property
    def first(self) -> MatrixRow:
        """A row with the best value."""
        return self.ranked[0][0]

    @property
    def value(self) -> Estimate:
        """The best value."""
        return self.ranked[0][1]

    @property
    def ties(self) -> list[MatrixRow]:
        """The rows that have the best value."""
        return [row for row, found in self.ranked if found.value == self.value.value]

    @property
    def runner_up(self) -> tuple[MatrixRow, Estimate] | None:
        """The next row after the first, whatever its value."""
        return self.ranked[1] if len(self.ranked) > 1 else None

    @property
    def contested(self) -> bool:
        """Whether there is anything to compare."""
        return len(self.ranked) > 1

    @property
    def value_text(self) -> str:
        """The best number with its interval."""
        unit, count = self.column.unit, self.column.count
        return numbers.measured(self.value.value, self.value.low, self.value.high, unit, count)

    @property
    def change_text(self) -> str:
        """``+1.23 points [0.40, 2.06]``; empty where there is no test."""
        return difference_text(self.change) if self.change else ""


def difference_text(found: RowDifference) -> str:
    """``+1.23 points [0.40, 2.06]``."""
    unit, count = found.column.unit, found.column.count
    ends = numbers.interval(found.found.low, found.found.high, unit, count)
    size = numbers.difference(found.found.effect, unit, count)
    return f"{size}{numbers.points(unit)} {ends}".strip()


def standings(matrix: Matrix, tests: RowTests) -> list[Standing]:
    """The standing of every column that a full run was measured in."""
    found = []
    for column in matrix.columns:
        ranked = tuple(matrix.ranked(column))
        if not ranked:
            continue
        rows = [row for row, _ in ranked]
        change = tests.between(column, rows[0], rows[1]) if len(rows) > 1 else None
        clear = tests.ahead_of_all(column, rows[0], rows[1:])
        found.append(Standing(column, ranked, change, clear))
    return found


def verdict(matrix: Matrix, tests: RowTests, failures: int) -> str:
    """One to three sentences for the head of a report."""
    places = standings(matrix, tests)
    return " ".join(filter(None, (_lead(matrix, places, tests), *_limits(matrix, failures))))


def _lead(matrix: Matrix, places: list[Standing], tests: RowTests) -> str:
    if not places:
        return "No full run has a number yet." if matrix.entries else "No cell has finished."
    contested = [place for place in places if place.contested]
    if not contested:
        place = places[0]
        more = f", and {len(places) - 1} more in the table" if len(places) > 1 else ""
        name, what = place.first.title, place.column.title
        return f"{name} reaches {place.value_text} on {what}{more}; nothing to compare it with yet."
    said = _one(contested[0], tests) if len(contested) == 1 else _several(contested, tests)
    return f"{said} {NETWORKS}" if tests.single_trainings else said


def _one(place: Standing, tests: RowTests) -> str:
    what = place.column.title
    found = tests.of(place.column)
    if not found:
        return f"Differences on {what} cannot be tested: no scores and no intervals."
    if place.clear:
        others = _others(len(place.ranked), place)
        return f"{place.first.title} is significantly ahead of {others} on {what}{_by(place)}."
    significant = [test for test in found if test.significant]
    if significant:
        return f"{_some(significant, found)} on {what}, and no row is ahead of all others."
    if place.change is None or len(place.ranked) > 2:
        return f"No significant difference on {what} among {len(place.ranked)} rows."
    first, second = (row.title for row, _ in place.ranked)
    if place.change.found.effect == 0:
        return f"No difference on {what}: {first} and {second} are equal, {place.value_text}."
    return f"No significant difference on {what}: {first} less {second} is {place.change_text}."


def _several(places: list[Standing], tests: RowTests) -> str:
    what = nouns(places)
    found = [test for place in places for test in tests.of(place.column)]
    if not found:
        return f"Differences on {len(places)} {what} cannot be tested: no scores and no intervals."
    clear = Counter(place.first.title for place in places if place.clear)
    if clear:
        return _clear(clear, places, what)
    significant = [test for test in found if test.significant]
    if significant:
        none = f"no row is ahead of all others on any of {len(places)} {what}"
        return f"{_some(significant, found)}; {none}."
    return f"No significant difference on any of {len(places)} {what}."


def _clear(clear: Counter[str], places: list[Standing], what: str) -> str:
    """Who is significantly ahead of all other rows, on how many of the columns."""
    of = f"of {len(places)} {what}"
    if len(clear) == 1:
        ((name, count),) = clear.items()
        one = next(place for place in places if place.clear)
        others = _others(max(len(place.ranked) for place in places), one)
        text = f"{name} is significantly ahead of {others} on {count} {of}"
    else:
        each = ", ".join(f"{name} on {count}" for name, count in clear.most_common())
        text = f"Significantly ahead of all others: {each} {of}"
    rest = len(places) - sum(clear.values())
    return f"{text}; on {rest} no row is." if rest else f"{text}."


def _some(significant: list[RowDifference], found: list[RowDifference]) -> str:
    return f"{len(significant)} of {len(found)} differences between rows are significant"


def _others(rows: int, place: Standing) -> str:
    runner_up = place.runner_up
    return runner_up[0].title if rows == 2 and runner_up else "all others"


def _by(place: Standing) -> str:
    return f", by {place.change_text}" if place.change else ""


def nouns(places: list[Standing]) -> str:
    """``benchmarks`` where there is one number for each, else ``measures``."""
    return (
        "benchmarks" if len({place.column.bench for place in places}) == len(places) else "measures"
    )


def _limits(matrix: Matrix, failures: int) -> list[str]:
    said = []
    limited = sum(row.limited is not None for row in matrix.rows)
    if limited:
        said.append(f"{limited} limited {'row is' if limited == 1 else 'rows are'} not ranked.")
    if failures:
        said.append(f"{failures} {'stage' if failures == 1 else 'stages'} failed.")
    return said
