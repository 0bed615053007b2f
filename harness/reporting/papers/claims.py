"""Claims of papers, tested on a study or on the numbers that the papers print.

Each comparison of a claim gets two one-sided p-values: that it holds and that its contrary holds.
A claim is *supported* if every comparison is (an intersection-union test, which needs no correction
for their number), *refuted* if the contrary of any is shown after Holm's correction, and
*undecided* otherwise: too few pairs or seeds, or something was not measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean
from typing import Literal

from harness.metrics.uncertainty.paired import holm
from harness.published.claims import Claim, ClaimedComparison
from harness.reporting.compare.influences import Influences, influences_of
from harness.reporting.compare.paired import SIGNIFICANT, paired_test
from harness.reporting.compare.scores import read_stored
from harness.reporting.compare.studies import OWN, differences
from harness.reporting.papers.against import Evidence, Line
from harness.reporting.tables.estimates import Estimate, difference

LEAST = 1e-9  # an interval cut off at 0 or 100 % may have an arm of no length
INDEPENDENT = "interval of the difference (MOVER), taken as independent"
Outcome = Literal["supported", "refuted", "undecided"]


@dataclass(frozen=True)
class Tested:
    """One comparison; ``effect`` is first minus second as a fraction.

    ``p_holds`` and ``p_contrary`` are one-sided and not corrected; None where there is no test, and
    ``test`` says why. ``seen`` is whether the bare values agree with the claim.
    """

    comparison: ClaimedComparison
    outcome: Outcome
    test: str
    first: float | None = None
    second: float | None = None
    p_holds: float | None = None
    p_contrary: float | None = None
    seen: bool | None = None

    @property
    def effect(self) -> float | None:
        """First minus second."""
        if self.first is None or self.second is None:
            return None
        return self.first - self.second


@dataclass(frozen=True)
class JudgedTest:
    """One test of a claim."""

    text: str
    outcome: Outcome
    tested: tuple[Tested, ...]


@dataclass(frozen=True)
class JudgedClaim:
    """A claim with its outcome."""

    claim: Claim
    outcome: Outcome
    parts: tuple[JudgedTest, ...]


@dataclass(frozen=True)
class Proof:
    """How two numbers compare: values, p-values that the first is above and below, and the test."""

    first: float | None
    second: float | None
    p_above: float | None
    p_below: float | None
    test: str


Prove = Callable[[ClaimedComparison], Proof]
"""Compares the first with the second number of a comparison, shifted by its signed margin."""


def judge(claim: Claim, prove: Prove) -> JudgedClaim:
    """Test a claim with proofs from :func:`of_study` or ``published_intervals``."""
    parts = [[_tested(one, prove(one)) for one in test.comparisons] for test in claim.tests]
    refuting = iter(_corrected([one.p_contrary for part in parts for one in part]))
    judged = []
    for test, part in zip(claim.tests, parts, strict=True):
        tested = tuple(_decided(one, next(refuting)) for one in part)
        judged.append(JudgedTest(test.text, _together([t.outcome for t in tested]), tested))
    return JudgedClaim(claim, _together([part.outcome for part in judged]), tuple(judged))


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    if "refuted" in outcomes:
        return "refuted"
    return "undecided" if "undecided" in outcomes else "supported"


def _corrected(p_values: Sequence[float | None]) -> list[float | None]:
    known = iter(holm([p for p in p_values if p is not None]) if any(
        p is not None for p in p_values) else ())  # fmt: skip
    return [None if p is None else next(known) for p in p_values]


def shift(comparison: ClaimedComparison) -> float:
    """What is added to the first number before it is compared, as a fraction.

    It is said to be above the second where the relation is "higher" or "not lower", else below.
    """
    return comparison.margin if comparison.relation == "not lower" else -comparison.margin


def _tested(comparison: ClaimedComparison, proof: Proof) -> Tested:
    above = comparison.relation in ("higher", "not lower")
    holds, contrary = (proof.p_above, proof.p_below)[:: 1 if above else -1]
    seen = None
    if proof.first is not None and proof.second is not None:
        gap = proof.first - proof.second + shift(comparison)
        seen = gap > 0 if above else gap < 0
    return Tested(comparison, "undecided", proof.test, proof.first, proof.second, holds, contrary,
                  seen)  # fmt: skip


def _decided(one: Tested, corrected: float | None) -> Tested:
    outcome: Outcome = "undecided"
    if one.p_holds is not None and one.p_holds < SIGNIFICANT:
        outcome = "supported"
    elif corrected is not None and corrected < SIGNIFICANT:
        outcome = "refuted"
    return Tested(**(vars(one) | {"outcome": outcome}))


def by_interval(
    first: Estimate, second: Estimate, comparison: ClaimedComparison, test: str
) -> Proof:
    """One-sided p-values from the arms of the interval of a difference, taken as normal."""
    change = difference(first, second)
    if change is None or change.low is None or change.high is None:
        return Proof(first.value, second.value, None, None, "a number has no interval")
    z = NormalDist().inv_cdf((1 + change.level) / 2)
    gap = change.value + shift(comparison)
    arms = (change.value - change.low, change.high - change.value)
    below, above = (max(arm, LEAST) / z for arm in arms)
    return Proof(
        first.value,
        second.value,
        NormalDist().cdf(-gap / below),
        NormalDist().cdf(gap / above),
        test,
    )


def of_study(evidence: Evidence) -> Prove:
    """Proofs from measured numbers.

    The results of both sides, one for each seed, are tested on the same comparisons, with the
    scores that the study keeps; where these are absent, or the number is not a headline, the
    intervals are compared.
    """

    def prove(comparison: ClaimedComparison) -> Proof:
        first, second = evidence.line(comparison.first), evidence.line(comparison.second)
        for line in (first, second):
            if line.estimate is None or line.verdict == "not comparable":
                return Proof(None, None, None, None, f"{line.record.place}: {line.told}")
        return _paired(first, second, comparison) or _unpaired(first, second, comparison)

    return prove


def _unpaired(first: Line, second: Line, comparison: ClaimedComparison) -> Proof:
    assert first.estimate is not None
    assert second.estimate is not None
    return by_interval(first.estimate, second.estimate, comparison, INDEPENDENT)


def _paired(first: Line, second: Line, comparison: ClaimedComparison) -> Proof | None:
    used = (*first.used, *second.used)
    if not used or not all(item.metric.headline for item in used):
        return None
    if any(differences(used[0].result.protocol, item.result.protocol, OWN) for item in used[1:]):
        return None
    if not all(item.cell.file(item.result.raw.get("scores", "")) for item in used):
        return None
    tested = [_influences(line) for line in (first, second)]
    above = paired_test(tested[1], tested[0], comparison.margin or None) if all(tested) else None
    below = paired_test(tested[0], tested[1], comparison.margin or None) if all(tested) else None
    if above is None or below is None:
        return None
    return Proof(
        fmean(one.value for one in tested[0]),
        fmean(one.value for one in tested[1]),
        *_one_sided(comparison, above.effect, above.p_value, above.p_not_worse, below.p_not_worse),
        f"{above.test}, on the same comparisons",
    )


def _influences(line: Line) -> list[Influences]:
    """Of every result behind a number; empty where one has no scores of a known form."""
    stored = [read_stored(item.cell) for item in line.used]
    found = [None if one is None else influences_of(one) for one in stored]
    known = [one for one in found if one is not None]
    return known if len(known) == len(found) else []


def _one_sided(
    comparison: ClaimedComparison,
    effect: float,
    two_sided: float,
    first_not_worse: float | None,
    second_not_worse: float | None,
) -> tuple[float, float]:
    """P-values that first plus shift is above, and below, second."""
    if comparison.relation == "not lower" and first_not_worse is not None:
        return first_not_worse, 1 - first_not_worse
    if comparison.relation == "not higher" and second_not_worse is not None:
        return 1 - second_not_worse, second_not_worse
    half = min(1.0, two_sided) / 2
    return (half, 1 - half) if effect >= 0 else (1 - half, half)
