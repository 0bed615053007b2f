"""What a stranger asks first, answered in sentences from the numbers of the study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from harness.reporting.compare.rows import RowDifference, RowTests
from harness.reporting.compare.verdict import NETWORKS, difference_text
from harness.reporting.sections.benchmarks import (
    GROUPED,
    WHOLE,
    by_comparison,
    numbers_where,
    words,
)
from harness.reporting.sections.fairness import GROUP, Extremes, extremes
from harness.reporting.tables.columns import MetricColumn
from harness.reporting.tables.labels import NO_GENERATOR
from harness.reporting.tables.matrix import Matrix, MatrixRow, Names

if TYPE_CHECKING:
    from harness.results.schema import MetricRecord, Result
    from harness.results.study import Study

WIDEST = 0.5
"""Conditions whose interval is wider (a handful of comparisons) are not called worst or best."""


@dataclass(frozen=True)
class AnswerCard:
    """A question, its answer, and the tab that shows more."""

    question: str
    lines: tuple[str, ...]
    tab: str


@dataclass(frozen=True)
class Contest:
    """Rows that differ in their generator, or in their model, alone, on one measure.

    ``ranked`` are their names, highest first; ``found`` is the first less the next.
    """

    column: MetricColumn
    ranked: tuple[str, ...]
    found: RowDifference | None
    clear: bool  # the first is significantly ahead of all others

    @property
    def words(self) -> str:
        """``+1.23 points [0.40, 2.06] (a over b, lfw accuracy)``."""
        assert self.found is not None
        text, what = difference_text(self.found), self.column.title
        if self.found.found.effect == 0:
            return f"{text} ({self.ranked[0]} equals {self.ranked[1]}, {what})"
        return f"{text} ({self.ranked[0]} over {self.ranked[1]}, {what})"


def answers(study: Study, matrix: Matrix, names: Names, tests: RowTests) -> list[AnswerCard]:
    """The six questions; every answer is about numbers and tests that the page shows."""
    kind, found = contests(matrix, tests)
    return [
        AnswerCard(f"Which {kind} is best?", _best(kind, found), "overview"),
        AnswerCard("By how much?", _margin(kind, found), "overview"),
        AnswerCard("Is that significant?", _certain(kind, found, tests), "overview"),
        AnswerCard("Where does it fail?", _fails(study, names), "fairness"),
        AnswerCard("How was it measured?", _measured(study), "protocols"),
        AnswerCard("Can I run it again?", _again(study), "environment"),
    ]


def contests(matrix: Matrix, tests: RowTests) -> tuple[str, list[Contest]]:
    """Generators under one model, by measure; models on one generator where there are none."""
    found = _contests(matrix, tests, lambda row: row.generator, lambda row: row.model)
    if found:
        return "generator", found
    models = _contests(matrix, tests, lambda row: row.model, lambda row: row.generator)
    return ("model", models) if models else ("generator", [])


def _contests(
    matrix: Matrix,
    tests: RowTests,
    name: Callable[[MatrixRow], str],
    group: Callable[[MatrixRow], str],
) -> list[Contest]:
    made = []
    for column in matrix.columns:
        groups: dict[str, list[MatrixRow]] = {}
        for row, _ in matrix.ranked(column):
            # A network that was trained elsewhere has no generator to be compared.
            if name(row) != NO_GENERATOR:
                groups.setdefault(group(row), []).append(row)
        for rows in groups.values():
            if len(rows) > 1:
                found = tests.between(column, rows[0], rows[1])
                clear = tests.ahead_of_all(column, rows[0], rows[1:])
                made.append(Contest(column, tuple(map(name, rows)), found, clear))
    return made


def _best(kind: str, found: Sequence[Contest]) -> tuple[str, ...]:
    if not found:
        return ("Not applicable: this study has only one generator per model.",)
    total = _count(len(found))
    clear = Counter(contest.ranked[0] for contest in found if contest.clear)
    if not clear:
        names = dict.fromkeys(name for contest in found for name in sorted(contest.ranked))
        return (f"No significant difference: none of {', '.join(names)} is ahead in {total}.",)
    said = ", ".join(f"{name} in {number}" for name, number in clear.most_common())
    rest = len(found) - sum(clear.values())
    open_ = f" In {rest} no {kind} is ahead of all others." if rest else ""
    return (f"Significantly ahead of every other {kind}: {said} of {total}.{open_}",)


def _count(many: int) -> str:
    return f"{many} {'comparison' if many == 1 else 'comparisons'}"


def _margin(kind: str, found: Sequence[Contest]) -> tuple[str, ...]:
    known = sorted((c for c in found if c.found), key=_size)
    if not known:
        return (f"Not applicable: there is no second {kind} to compare with.",)
    if len(known) == 1:
        return (f"Lead over the runner-up: {known[0].words}.",)
    return (f"Lead over the runner-up: {known[0].words} to {known[-1].words}.",)


def _size(contest: Contest) -> float:
    return abs(contest.found.found.effect) if contest.found else 0.0


def _certain(kind: str, found: Sequence[Contest], tests: RowTests) -> tuple[str, ...]:
    known = [contest.found for contest in found if contest.found]
    if not known:
        return ("Not applicable: there is no difference to test.",)
    significant = sum(one.significant for one in known)
    verb = "is" if significant == 1 else "are"
    said = [f"{significant} of {len(known)} leads over the next {kind} {verb} significant."]
    said += [f"{len(found) - len(known)} cannot be tested."] if len(known) < len(found) else []
    said.append(tests.note())
    return (*said, NETWORKS) if tests.single_trainings else tuple(said)


def _fails(study: Study, names: Names) -> tuple[str, ...]:
    said: list[str] = []
    for title, cells in by_comparison(study):
        results = [cell.result for cell in cells]
        each = numbers_where(results, lambda metric: set(metric.at) == {GROUP})
        said += [_worst(title, found) for found in extremes(each, names)] if each else []
        said += _hardest(title, results, names)
    said += _not_enrolled(study.results)
    return tuple(said) or ("Not known: no benchmark of this study has groups or conditions.",)


def _worst(title: str, found: Extremes) -> str:
    return (
        f"{title}, {found.row}: {found.worst} is the worst group with {100 * found.low:.2f} %, "
        f"against {100 * found.high:.2f} % for {found.best}."
    )


def _hardest(title: str, results: Sequence[Result], names: Names) -> list[str]:
    """The condition of the worst number: for every row by its first metric that has conditions.

    Numbers are means over the trainings of a row; a condition that holds too few comparisons to
    say anything is left out.
    """
    rows: dict[str, list[Result]] = {}
    for result in results:
        rows.setdefault(names.row(result).title, []).append(result)
    said = [_lowest(found) for found in rows.values()]
    return [f"{title}, {row}: {text}" for row, text in zip(rows, said, strict=True) if text]


def _lowest(results: Sequence[Result]) -> str:
    """The lowest and the highest condition of one row, by name; empty where there are none."""
    kinds = {(metric.name, key): metric.higher_is_better
             for result in results for metric in result.metrics
             if (key := _condition(metric)) is not None}  # fmt: skip
    for (name, key), higher in kinds.items():
        each: dict[str, list[float]] = {}
        for result in results:
            for metric in result.metrics:
                if metric.name == name and _condition(metric) == key and _says_something(metric):
                    at = metric.at[key]
                    value = at if isinstance(at, str) else f"{at:g}"
                    each.setdefault(value, []).append(metric.value or 0.0)
        means = {value: fmean(found) for value, found in each.items()}
        if len(set(means.values())) < 2:
            continue
        ends = [min(means, key=means.__getitem__), max(means, key=means.__getitem__)]
        worst, best = ends if higher else ends[::-1]
        return (
            f"{name} is worst at {words(key)} {worst} with {100 * means[worst]:.2f} %, best at "
            f"{best} with {100 * means[best]:.2f} %."
        )
    return ""


def _condition(metric: MetricRecord) -> str | None:
    """The one condition that a share is measured under, such as a yaw; None for other numbers."""
    if len(metric.at) != 1 or metric.unit != "fraction":
        return None
    (key,) = metric.at
    return None if key in WHOLE | GROUPED | {"fold"} else key


def _says_something(metric: MetricRecord) -> bool:
    if metric.value is None:
        return False
    return metric.ci is None or metric.ci.high - metric.ci.low <= WIDEST


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
