"""What a study says, in words: who is best, by how much, and whether that is significant."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from harness.reporting.tables.columns import MetricColumn
from harness.reporting.tables.estimates import Estimate, difference, significant
from harness.reporting.tables.matrix import Matrix, MatrixRow
from harness.results import numbers


@dataclass(frozen=True)
class Standing:
    """First and second place of one column; ``change`` is first minus second, or None."""

    column: MetricColumn
    first: MatrixRow
    value: Estimate
    second: MatrixRow | None = None
    change: Estimate | None = None

    @property
    def clear(self) -> bool:
        """Whether the interval of the difference leaves out zero."""
        return significant(self.change)

    @property
    def value_text(self) -> str:
        """The best number with its interval."""
        unit, count = self.column.unit, self.column.count
        return numbers.measured(self.value.value, self.value.low, self.value.high, unit, count)

    @property
    def change_text(self) -> str:
        """``+1.23 points [0.40, 2.06]``; empty where no second row was measured."""
        if self.change is None:
            return ""
        unit, count = self.column.unit, self.column.count
        low, high = self.change.low, self.change.high
        ends = numbers.interval(low, high, unit, count)
        size = numbers.difference(self.change.value, unit, count)
        return f"{size}{numbers.points(unit)} {ends}".strip()


def standings(matrix: Matrix) -> list[Standing]:
    """The standing of every column that a full run was measured in."""
    found = []
    for column in matrix.columns:
        ranked = matrix.ranked(column)
        if not ranked:
            continue
        first, value = ranked[0]
        if len(ranked) == 1:
            found.append(Standing(column, first, value))
            continue
        second, other = ranked[1]
        found.append(Standing(column, first, value, second, difference(value, other)))
    return found


def verdict(matrix: Matrix, failures: int) -> str:
    """One or two sentences for the head of a report."""
    places = standings(matrix)
    return " ".join(filter(None, (_lead(matrix, places), *_limits(matrix, failures))))


def _lead(matrix: Matrix, places: list[Standing]) -> str:
    if not places:
        return "No full run has a number yet." if matrix.entries else "No cell has finished."
    contested = [place for place in places if place.second]
    if not contested:
        place = places[0]
        more = f", and {len(places) - 1} more in the table" if len(places) > 1 else ""
        name, what = place.first.title, place.column.title
        return f"{name} reaches {place.value_text} on {what}{more}; nothing to compare it with yet."
    if len(contested) == 1:
        return _single(contested[0])
    wins = Counter(place.first.id for place in contested)
    leader, count = wins.most_common(1)[0]
    own = [place for place in contested if place.first.id == leader]
    clear = sum(place.clear for place in own)
    tied = sum(1 for other in wins.values() if other == count) > 1
    start = "No run leads overall; " if tied else ""
    return (
        f"{start}{own[0].first.title} ranks first on {count} of {len(contested)} measures, "
        f"significantly ahead of the second on {clear or 'none'} of them."
    )


def _single(place: Standing) -> str:
    assert place.second is not None
    ahead = f"{place.first.title} is first on {place.column.title} with {place.value_text}"
    if place.change is None:
        return f"{ahead}; whether it beats {place.second.title} is unknown without intervals."
    verb = "significant" if place.clear else "not significant"
    return f"{ahead}; its lead over {place.second.title} of {place.change_text} is {verb}."


def _limits(matrix: Matrix, failures: int) -> list[str]:
    said = []
    limited = sum(row.limited is not None for row in matrix.rows)
    if limited:
        said.append(f"{limited} limited {'row is' if limited == 1 else 'rows are'} not ranked.")
    if failures:
        said.append(f"{failures} {'stage' if failures == 1 else 'stages'} failed.")
    return said
