"""The one significance test of tables, reports and `harness compare`.

Two rows of a table are two methods, each with the networks of one or more training seeds. Where
their stored scores are at hand, the test is over people and seeds on the same comparisons
(:mod:`harness.metrics.uncertainty.two_level`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.metrics.uncertainty.two_level import TwoLevel, two_level_test
from harness.reporting.compare.influences import Influences, spread

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class ScoreDifference:
    """B minus A of the headline as fractions, tested on the same comparisons.

    ``p_value`` is two-sided, of the test ``test``; ``p_not_worse`` tests that B is worse by the
    margin or more, ``p_equal`` that it differs by the margin or more (None without a margin).
    ``wide`` says why the interval is wide where few seeds make it so.
    """

    effect: float
    low: float | None
    high: float | None
    p_value: float
    test: str
    p_not_worse: float | None = None
    p_equal: float | None = None
    wide: str = ""


def paired_test(
    a: Sequence[Influences],
    b: Sequence[Influences],
    margin: float | None = None,
    fixed: tuple[bool, bool] = (False, False),
) -> ScoreDifference | None:
    """Test B against A, one item for each training; None where they have other comparisons.

    ``fixed`` marks a side that is a ready network and has no seeds. ``margin``, a fraction, adds
    the two one-sided tests of equivalence.
    """
    together = spread([*a, *b])
    if together is None:
        return None
    found = two_level_test([one.value for one in a], [one.value for one in b], together, fixed)
    arm = found.half_width()
    ends: tuple[float | None, float | None] = (None, None)
    if margin is not None:
        not_worse = found.p_above(-margin)
        ends = (not_worse, max(not_worse, found.p_below(margin)))
    effect = found.difference
    over = name_of_test(a[0].over, len(a), len(b))
    return ScoreDifference(
        effect, effect - arm, effect + arm, found.p_value, over, *ends, _wide(found)
    )


def name_of_test(over: str, n_a: int, n_b: int) -> str:
    """How a test is called in tables."""
    if n_a == n_b == 1:
        return f"paired t test over {over}"
    return f"two-level t test over seeds and {over}"


MOST_WIDE = 4.0
"""Degrees of freedom at and below which few seeds make an interval wide: t is 2.78 and more."""


def _wide(found: TwoLevel) -> str:
    if found.seeds == 0 or found.freedom > MOST_WIDE:
        return ""
    seeds = " and ".join(str(count) for count in found.counts if count)
    now, then = found.half_width(), found.with_one_more_seed().half_width()
    return (
        f"{seeds} seeds leave {found.freedom:.1f} degrees of freedom, so the interval is "
        f"{now / found.standard_error:.1f} standard errors to each side; one more seed each "
        f"would narrow it from ±{100 * now:.2f} to about ±{100 * then:.2f} points, if seeds vary "
        "as they do here"
    )
