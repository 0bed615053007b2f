"""Two numbers of which only the intervals are at hand, as in a report that was sent by mail."""

from __future__ import annotations

from math import erf, sqrt
from typing import TYPE_CHECKING

from harness.reporting.compare.methods import headline
from harness.reporting.compare.paired import ScoreDifference
from harness.reporting.tables.estimates import difference, pool

if TYPE_CHECKING:
    from harness.reporting.compare.methods import Method
    from harness.reporting.tables.estimates import Estimate

TEST = "z test of intervals without stored scores (MOVER, assuming independence; conservative)"
NORMAL_95 = 1.959963984540054


def interval_test(a: Method, b: Method, margin: float | None = None) -> ScoreDifference | None:
    """B minus A of the headlines, from their 95 % intervals (MOVER) and a normal approximation.

    Results on the same pairs are correlated, so this is more conservative than a test on the
    scores. None where a headline or its interval is missing, or has no width.
    """
    one, other = (
        pool([metric for cell in side.cells if (metric := headline(cell.result))])
        for side in (a, b)
    )
    if one is None or other is None:
        return None
    return estimates_test(one, other, margin)


def estimates_test(a: Estimate, b: Estimate, margin: float | None = None) -> ScoreDifference | None:
    """B minus A of two numbers with intervals; None where one has none, or both have no width."""
    found = difference(b, a)
    if found is None or found.low is None or found.high is None or found.high <= found.low:
        return None
    error = (found.high - found.low) / (2 * NORMAL_95)
    effect = found.value
    chances: tuple[float | None, float | None] = (None, None)
    if margin is not None:
        worse, better = _above((effect + margin) / error), _above((margin - effect) / error)
        chances = (worse, max(worse, better))
    # The side of the interval that zero is on decides, so that p and interval agree.
    arm = effect - found.low if effect > 0 else found.high - effect
    p_value = 2 * _above(abs(effect) * NORMAL_95 / arm) if arm > 0 else float(effect == 0)
    return ScoreDifference(effect, found.low, found.high, p_value, TEST, *chances)


def _above(z: float) -> float:
    """The share of the standard normal distribution above ``z``."""
    return 0.5 * (1 - erf(z / sqrt(2)))
