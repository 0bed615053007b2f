"""Two numbers of which only the intervals are at hand, as in a report that was sent by mail."""

from __future__ import annotations

from math import erf, sqrt
from typing import TYPE_CHECKING

from harness.reporting.compare.scores import ScoreDifference
from harness.reporting.tables.estimates import difference, pool

if TYPE_CHECKING:
    from harness.results.schema import Result

TEST = "z of two intervals taken as independent"
NORMAL_95 = 1.959963984540054


def interval_test(a: Result, b: Result, margin: float | None = None) -> ScoreDifference | None:
    """B minus A of the headlines, from their 95 % intervals (MOVER) and a normal approximation.

    Numbers of the same pairs rise and fall together, so this is more cautious than a test on the
    scores. None where a headline or its interval is missing, or has no width.
    """
    one, other = (pool([m for m in result.metrics if m.headline][:1]) for result in (a, b))
    if one is None or other is None:
        return None
    found = difference(other, one)
    if found is None or found.low is None or found.high is None or found.high <= found.low:
        return None
    error = (found.high - found.low) / (2 * NORMAL_95)
    effect = found.value
    chances: tuple[float | None, float | None] = (None, None)
    if margin is not None:
        worse, better = _above((effect + margin) / error), _above((margin - effect) / error)
        chances = (worse, max(worse, better))
    return ScoreDifference(
        effect, found.low, found.high, 2 * _above(abs(effect) / error), TEST, *chances
    )


def _above(z: float) -> float:
    """The share of the standard normal distribution above ``z``."""
    return 0.5 * (1 - erf(z / sqrt(2)))
