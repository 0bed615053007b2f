"""What a stranger asks first, answered in sentences from the numbers of the study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from harness.reporting.sections.benchmarks import (
    GROUPED,
    WHOLE,
    by_comparison,
    numbers_where,
    words,
)
from harness.reporting.sections.fairness import GROUP, Extremes, extremes
from harness.reporting.tables.columns import MetricColumn
from harness.reporting.tables.estimates import Estimate, difference, significant
from harness.reporting.tables.labels import NO_GENERATOR
from harness.reporting.tables.matrix import Matrix, MatrixRow, Names
from harness.results import numbers

if TYPE_CHECKING:
    from harness.results.schema import Result
    from harness.results.study import Study


@dataclass(frozen=True)
class AnswerCard:
    """A question, its answer, and the tab that shows more."""

    question: str
    lines: tuple[str, ...]
    tab: str


@dataclass(frozen=True)
class Contest:
    """Two generators under one model on one measure: the first and the next after it."""

    column: MetricColumn
    model: str
    first: str
    second: str
    change: Estimate | None
    gap: float

    @property
    def clear(self) -> bool:
        """Whether the interval of the difference leaves out zero."""
        return significant(self.change)

    @property
    def words(self) -> str:
        """``+1.23 points [0.40, 2.06] over bfm on lfw accuracy``."""
        column = self.column
        unit, count = column.unit, column.count
        size = numbers.difference(self.gap, unit, count) + numbers.points(unit)
        low, high = (self.change.low, self.change.high) if self.change else (None, None)
        ends = numbers.interval(low, high, unit, count)
        return " ".join(filter(None, (size, ends, f"over {self.second} on {column.title}")))


def answers(study: Study, matrix: Matrix, names: Names) -> list[AnswerCard]:
    """The six questions; every answer stands on numbers that the page shows."""
    found = contests(matrix)
    return [
        AnswerCard("Which generator is best?", _best(found), "overview"),
        AnswerCard("By how much?", _margin(found), "overview"),
        AnswerCard("Is that significant?", _certain(found), "overview"),
        AnswerCard("On whom does it fail?", _fails(study, names), "fairness"),
        AnswerCard("How was it measured?", _measured(study), "protocols"),
        AnswerCard("Can I run it again?", _again(study), "environment"),
    ]


def contests(matrix: Matrix) -> list[Contest]:
    """Every measure and model under which at least two generators have a number of a full run."""
    made = []
    for column in matrix.columns:
        by_model: dict[str, list[tuple[MatrixRow, Estimate]]] = {}
        for row, estimate in matrix.ranked(column):
            if row.generator != NO_GENERATOR:
                by_model.setdefault(row.model, []).append((row, estimate))
        for model, ranked in by_model.items():
            if len(ranked) < 2:
                continue
            (first, value), (second, other) = ranked[:2]
            gap = value.value - other.value
            change = difference(value, other)
            made.append(Contest(column, model, first.generator, second.generator, change, gap))
    return made


def _best(found: Sequence[Contest]) -> tuple[str, ...]:
    if not found:
        return ("Nothing can be said: no two generators were measured under one model.",)
    wins = Counter(contest.first for contest in found)
    ordered = wins.most_common()
    leader, count = ordered[0]
    tied = sorted(name for name, number in ordered if number == count)
    total = f"{len(found)} {'comparison' if len(found) == 1 else 'comparisons'}"
    if len(tied) > 1:
        return (f"No single one: {', '.join(tied)} are each first in {count} of {total}.",)
    rest = ", ".join(f"{name} in {number}" for name, number in ordered[1:])
    first = f"{leader}: first in {count} of {total} of generators under one model and measure"
    return (f"{first}; {rest}." if rest else f"{first}.",)


def _leader(found: Sequence[Contest]) -> list[Contest]:
    wins = Counter(contest.first for contest in found)
    leader = wins.most_common(1)[0][0]
    return [contest for contest in found if contest.first == leader]


def _margin(found: Sequence[Contest]) -> tuple[str, ...]:
    if not found:
        return ("There is no second generator to compare with.",)
    own = _leader(found)
    ordered = sorted(own, key=lambda contest: abs(contest.gap))
    if len(own) == 1:
        return (f"{own[0].first} leads by {own[0].words}.",)
    shares = [abs(c.gap) for c in own if c.column.unit == "fraction"]
    middle = f" The median lead is {100 * median(shares):.2f} points." if shares else ""
    text = f"{own[0].first} leads where it is first by {ordered[0].words} at least and by "
    return (f"{text}{ordered[-1].words} at most.{middle}",)


def _certain(found: Sequence[Contest]) -> tuple[str, ...]:
    if not found:
        return ("There is no difference to test.",)
    own = _leader(found)
    clear = [contest for contest in own if contest.clear]
    unknown = sum(contest.change is None for contest in own)
    text = (
        f"The lead of {own[0].first} over the next generator is significant in {len(clear)} of the "
        f"{len(own)} it wins (the 95 % interval of the difference leaves out zero)."
    )
    more = f" {unknown} have no interval." if unknown else ""
    others = [c for c in found if c.first != own[0].first and c.clear]
    lost = (
        f" Others are significantly ahead of it or of the next in {len(others)}." if others else ""
    )
    return (text + more + lost,)


def _fails(study: Study, names: Names) -> tuple[str, ...]:
    said: list[str] = []
    for title, cells in by_comparison(study):
        results = [cell.result for cell in cells]
        each = numbers_where(results, lambda metric: set(metric.at) == {GROUP})
        said += [_worst(title, found) for found in extremes(each, names)] if each else []
        said += _hardest(title, results, names)
    said += _not_enrolled(study.results)
    return tuple(said) or (
        "Not known: no benchmark of this study tells groups or conditions apart.",
    )


def _worst(title: str, found: Extremes) -> str:
    return (
        f"{title}, {found.row}: {found.worst} is the worst group with {100 * found.low:.2f} %, "
        f"against {100 * found.high:.2f} % for {found.best}."
    )


def _hardest(title: str, results: Sequence[Result], names: Names) -> list[str]:
    """The condition of the lowest number: for every row the first metric that has conditions."""
    said: dict[str, str] = {}
    for result in results:
        points: dict[str, dict[str, float]] = {}
        for metric in result.metrics:
            (key, *more) = [*metric.at, ""][:2] if metric.at else ("", "")
            plain = key and not any(more) and key not in WHOLE | GROUPED | {"fold"}
            if plain and metric.value is not None and metric.unit == "fraction":
                at = metric.at[key]
                value = at if isinstance(at, str) else f"{at:g}"
                points.setdefault(key, {})[value] = metric.value
        for key, values in points.items():
            row = names.row(result).title
            worst, best = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
            if values[worst] < values[best] and row not in said:
                said[row] = (
                    f"{title}, {row}: lowest at {words(key)} {worst} with "
                    f"{100 * values[worst]:.2f} %, highest at {best} with "
                    f"{100 * values[best]:.2f} %."
                )
    return list(said.values())


def _not_enrolled(results: Sequence[Result]) -> list[str]:
    rates: dict[str, float] = {}
    for result in results:
        found = result.enrolment
        if found and found.failure_rate:
            name = result.cell.benchmark.name
            rates[name] = max(rates.get(name, 0.0), found.failure_rate)
    if not rates:
        return []
    worst = max(rates, key=rates.__getitem__)
    return [f"No face was found in up to {100 * rates[worst]:.2f} % of the images of {worst}."]


def _measured(study: Study) -> tuple[str, ...]:
    from harness.reporting.sections.records import protocol_id

    said = []
    for title, cells in by_comparison(study):
        rules = {protocol_id(cell.result): cell.result.protocol for cell in cells}
        first = next(iter(rules.values()))
        counts = [f"{n:,} {name}" for name in ("genuine", "impostor")
                  if isinstance(n := first.get(f"n_{name}"), int)]  # fmt: skip
        many = f", {len(rules)} different protocols" if len(rules) > 1 else ""
        parts = ", ".join([str(first.get("id", "protocol not named")), *counts])
        said.append(f"{title}: {parts}{many}.")
    return tuple(said)


def _again(study: Study) -> tuple[str, ...]:
    versions = sorted({str(r.provenance.code.get("version", "unknown")) for r in study.results})
    seeds = sorted({r.seed.root for r in study.results})
    said = []
    if study.recipes:
        said.append(
            "Yes, with the recipe of the environment tab saved as study.toml: "
            "harness run -c study.toml."
        )
    else:
        said.append("Not directly: the study keeps no recipe; the provenance tab has all settings.")
    said.append(
        f"Made by harness {', '.join(versions)} from seed {', '.join(map(str, seeds))}; every "
        "number leads to the keys and digests of what it was made from."
    )
    limited = sum(r.limited is not None for r in study.results)
    if limited:
        said.append(f"{limited} of {len(study.results)} results are of limited runs.")
    return tuple(said)
