"""Tested claims in words and as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from harness.reporting.papers.claims import JudgedTest, Tested
from harness.results import numbers


def usual_test(parts: Iterable[JudgedTest]) -> str:
    """The test that most comparisons of several claims were made by; empty for one claim."""
    ways = Counter(tested.test for part in parts for tested in part.tested)
    way, count = ways.most_common(1)[0] if ways else ("", 0)
    return way if count > 1 else ""


def part_line(part: JudgedTest, usual: str = "") -> str:
    """The test of a claim: how many comparisons say what, whether the bare values agree, by what.

    The ``usual`` test is said elsewhere, and left out where nothing else was used. A reason for
    which nothing was tested is where all comparisons share it.
    """
    counts = Counter(tested.outcome for tested in part.tested)
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    agreeing = [tested.seen for tested in part.tested if tested.seen is not None]
    bare = f"; values agree in {sum(agreeing)} of {len(agreeing)}" if agreeing else ""
    ways = Counter(tested.test for tested in part.tested)
    way, count = ways.most_common(1)[0]
    more = f" (and {len(part.tested) - count} others)" if count < len(part.tested) else ""
    weakest = [tested.p_holds for tested in part.tested if tested.p_holds is not None]
    p_value = f"; {p_text(max(weakest))}" if len(weakest) == len(part.tested) else ""
    by = "" if way == usual and not more else f"; {way}{more}"
    return f"{part.text}: {told}{bare}{p_value}{by}"


def comparison_line(tested: Tested) -> str:
    """One comparison with both values."""
    comparison = tested.comparison
    first, second = comparison.first, comparison.second
    margin = f" by {100 * comparison.margin:g}" if comparison.margin else ""
    head = (
        f"{first.benchmark} {first.metric}: {first.table} {first.label!r} {comparison.relation}"
        f"{margin} than {second.table} {second.label!r}"
    )
    if tested.effect is None:
        return f"{head}: {tested.test}"
    values = f"{numbers.number(tested.first)} against {numbers.number(tested.second)}"
    if tested.p_holds is None:
        return f"{head}: {values}, {tested.test}"
    return f"{head}: {values}, {numbers.difference(tested.effect)} points, {p_text(tested.p_holds)}"


def p_text(value: float) -> str:
    """``p = 0.018``; what is too small to be distinguished from zero is ``p < 1e-15``."""
    return "p < 1e-15" if value < 1e-15 else f"p = {value:.2g}"


def record_of(tested: Tested) -> dict[str, Any]:
    """One comparison in full precision."""
    comparison = tested.comparison
    return {
        "relation": comparison.relation,
        "margin": comparison.margin,
        "first_row": f"{comparison.first.paper}/{comparison.first.table}#{comparison.first.label}",
        "second_row": (
            f"{comparison.second.paper}/{comparison.second.table}#{comparison.second.label}"
        ),
        "benchmark": comparison.first.benchmark,
        "metric": comparison.first.metric,
        "first": tested.first,
        "second": tested.second,
        "effect": tested.effect,
        "p_holds": tested.p_holds,
        "p_contrary": tested.p_contrary,
        "agrees": tested.seen,
        "outcome": tested.outcome,
        "test": tested.test,
    }
