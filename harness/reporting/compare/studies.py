"""Two studies on the same comparisons: effect, interval, test and verdict for every benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from harness.metrics.uncertainty.paired import holm
from harness.reporting.compare import environments
from harness.reporting.compare.influences import Influences, influences_of
from harness.reporting.compare.intervals import interval_test
from harness.reporting.compare.methods import Method, by_benchmark, headline
from harness.reporting.compare.paired import SIGNIFICANT, paired_test
from harness.reporting.compare.scores import read_stored
from harness.reporting.tables.matrix import Names

if TYPE_CHECKING:
    from harness.results.study import Cell

OWN = frozenset({"input", "embedding_dtype"})
"""Fields of a protocol that are the model's own affair."""
PLACING = frozenset({"align", "aligner", "on_failure", "placed_by"})
"""Fields that describe how faces were aligned."""
Verdict = Literal["better", "worse", "equivalent", "not worse", "unchanged", "not comparable"]


@dataclass(frozen=True)
class Change:
    """One benchmark for two methods; ``effect`` is B minus A as a fraction.

    Values are means over the trainings of a method, of which there are ``seeds_a`` and ``seeds_b``.
    ``about`` says what the test is not about, and why its interval is wide.

    P-values are adjusted over all benchmarks (Holm): ``p_value`` that nothing changed, and, where a
    margin was given, ``p_not_worse`` and ``p_equal`` (two one-sided tests).
    """

    benchmark: str
    name_a: str
    name_b: str
    value_a: float | None
    value_b: float | None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    test: str = ""
    p_not_worse: float | None = None
    p_equal: float | None = None
    verdict: Verdict = "not comparable"
    note: str = ""
    environment: str = ""
    """How the environments of the two differ, where their values differ too."""
    metric: str = ""
    seeds_a: int = 0
    seeds_b: int = 0
    about: tuple[str, ...] = ()


NETWORKS = (
    "one training each: this compares two networks, not two methods; another seed can move a "
    "result by more than this difference, so train with --repeats 3 or more"
)
BORROWED = "one side has a single training: its seeds are taken to vary as those of the other side"


def compare(
    cells_a: Iterable[Cell],
    cells_b: Iterable[Cell],
    margin: float | None = None,
    *,
    across_alignments: bool = False,
) -> list[Change]:
    """Every benchmark that either side has, in the order of their names.

    The trainings of a method are pooled: the test is that of
    :func:`harness.reporting.compare.paired.paired_test`, over people and seeds, each adjusted by
    Holm's method over all benchmarks. With a ``margin`` (a fraction) a change that is not
    significant is ``equivalent`` or ``not worse`` where that is shown, else merely ``unchanged``.
    Rows whose protocols differ are not compared; ``across_alignments`` lets them differ in how
    faces were aligned, which then is what the test is about. Raises ``UsageError`` when a side has
    several methods on one benchmark.
    """
    a, b = list(cells_a), list(cells_b)
    names = Names.of([cell.result for cell in (*a, *b)])
    first, second = by_benchmark(a, names, "A"), by_benchmark(b, names, "B")
    rules = _Rules(margin, OWN | PLACING if across_alignments else OWN)
    rows = [
        _change(name, first.get(name), second.get(name), rules)
        for name in sorted({*first, *second})
    ]
    for column in ("p_value", "p_not_worse", "p_equal"):
        rows = _adjusted(rows, column)
    return [_judged(row) for row in rows]


class _Rules(NamedTuple):
    margin: float | None
    own: frozenset[str]


def _adjusted(rows: list[Change], column: str) -> list[Change]:
    """The rows with one column of p-values corrected for their number."""
    raw = [p for row in rows if (p := getattr(row, column)) is not None]
    corrected = iter(holm(raw) if raw else ())
    return [
        row if getattr(row, column) is None else Change(**(vars(row) | {column: next(corrected)}))
        for row in rows
    ]


def _change(name: str, a: Method | None, b: Method | None, rules: _Rules) -> Change:
    sides = [side for side in (a, b) if side]
    altered = [
        cell.result.id[:12] for side in sides for cell in side.cells
        if cell.result.integrity == "altered"
    ]  # fmt: skip
    titles = _titles(a, b)
    if altered:
        ids = ", ".join(altered)
        note = f"left out: the content of result {ids} does not fit its digest (altered)"
        return Change(name, *titles, None, None, note=note)
    metric = headline(sides[0].any)
    row = Change(
        name,
        *titles,
        _mean(a),
        _mean(b),
        metric=metric.name if metric else "",
        seeds_a=len(a.cells) if a else 0,
        seeds_b=len(b.cells) if b else 0,
    )
    if a is None or b is None:
        return replace(row, note=f"only in {'B' if a is None else 'A'}")
    if row.value_a != row.value_b:
        row = replace(row, environment=_environments(a, b))
    differs = differences(a.any.protocol, b.any.protocol, rules.own)
    if differs:
        return replace(row, note=f"protocol differs in {', '.join(differs)}")
    return _tested(row, a, b, rules)


def _titles(a: Method | None, b: Method | None) -> tuple[str, str]:
    """The names of both sides; two seeds of one method are told apart by their numbers."""
    first, second = (side.title if side else "" for side in (a, b))
    if a and b and first == second and len(a.cells) == len(b.cells) == 1 and a.trained:
        first, second = (f"{side.title} #{side.any.seed.repeat}" for side in (a, b))
    return first, second


def _tested(row: Change, a: Method, b: Method, rules: _Rules) -> Change:
    if any(cell.mailed for cell in (*a.cells, *b.cells)):
        between = interval_test(a, b, rules.margin)
        if between is None:
            return replace(row, note="the report has no interval")
        note = "a report has no scores: intervals compared"
        return _with(row, vars(between), _about(a, b, between.wide), note)
    one, other = (_influences(side) for side in (a, b))
    if one is None or other is None:
        return replace(row, note=f"not measured in {'A' if one is None else 'B'}")
    known = [[item for item in side if item is not None] for side in (one, other)]
    if len(known[0]) < len(one) or len(known[1]) < len(other):
        return replace(row, note="no scores that can be paired are kept for it")
    found = paired_test(known[0], known[1], rules.margin, (not a.trained, not b.trained))
    if found is None:
        return replace(row, note="the scores are not of the same comparisons")
    return _with(row, vars(found), _about(a, b, found.wide))


def _with(row: Change, found: dict[str, Any], about: tuple[str, ...], note: str = "") -> Change:
    tested = {key: value for key, value in found.items() if key != "wide"}
    return replace(row, **tested, about=about, note=note)


def _influences(method: Method) -> list[Influences | None] | None:
    """Of every training; None where one was not measured."""
    stored = [read_stored(cell) for cell in method.cells]
    known = [one for one in stored if one is not None]
    return None if len(known) < len(stored) else [influences_of(one) for one in known]


def _about(a: Method, b: Method, wide: str) -> tuple[str, ...]:
    """What a reader must know of the test."""
    trained = [len(side.cells) for side in (a, b) if side.trained]
    said = []
    if trained and max(trained) == 1:
        said = [NETWORKS]
    elif 1 in trained:
        said = [BORROWED]
    return tuple(filter(None, (*said, wide)))


def _environments(a: Method, b: Method) -> str:
    found = [
        line
        for one in a.cells[:1]
        for other in b.cells
        for line in environments.differences(
            environments.environment(one), environments.environment(other)
        )
    ]
    return environments.sentence(found)


def _judged(row: Change) -> Change:
    if row.p_value is None or row.effect is None:
        return row
    verdict: Verdict = "unchanged"
    if row.p_value < SIGNIFICANT and row.effect != 0:
        verdict = "better" if row.effect > 0 else "worse"
    elif row.p_equal is not None and row.p_equal < SIGNIFICANT:
        verdict = "equivalent"
    elif row.p_not_worse is not None and row.p_not_worse < SIGNIFICANT:
        verdict = "not worse"
    return replace(row, verdict=verdict)


def _mean(method: Method | None) -> float | None:
    return fmean(method.values) if method and method.values else None


def differences(a: Mapping[str, Any], b: Mapping[str, Any], own: frozenset[str]) -> list[str]:
    """Rules that differ, those in ``own`` apart."""
    return sorted(name for name in {*a, *b} - own if a.get(name) != b.get(name))
