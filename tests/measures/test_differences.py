"""Differences of two sets: intervals that hold, narrower where identities are shared."""

from __future__ import annotations

import numpy as np
import pytest

from harness.components import MeasuredValue
from harness.measures.differences import PAIRED, TWO_SAMPLES, difference
from harness.measures.resampling import identity_means
from harness.seeds import stream


def measured(values):
    return identity_means({"x": values}, stream(0, "x"), 400)[0]


@pytest.mark.parametrize("paired", [True, False])
def test_intervals_of_equal_means_hold_zero_at_their_level(paired):
    rng, held = np.random.default_rng(3), 0
    for round_ in range(200):
        people = rng.normal(size=40)
        first = measured(people + 0.3 * rng.normal(size=40))
        second = measured((people if paired else rng.normal(size=40)) + 0.3 * rng.normal(size=40))
        found = difference(first, second, stream(round_, "d"), paired=paired)
        held += found.low <= 0 <= found.high
    assert 0.88 <= held / 200 <= 0.99


def test_a_pair_is_the_bootstrap_of_the_differences_of_each_identity():
    rng = np.random.default_rng(5)
    people = rng.normal(size=30)
    one, other = people + 0.1 * rng.normal(size=30), people + 0.2 + 0.1 * rng.normal(size=30)
    first, second = measured(one), measured(other)
    found = difference(first, second, stream(0, "d"), paired=True)
    alone = measured(one - other)
    assert found.value == pytest.approx(alone.value)
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high))
    loose = difference(first, second, stream(0, "d"), paired=False)
    assert (found.method, loose.method) == (PAIRED, TWO_SAMPLES)
    assert loose.high - loose.low > 3 * (found.high - found.low)


def test_what_has_no_replicates_has_a_difference_without_an_interval():
    found = difference(
        MeasuredValue("x", 3.0), MeasuredValue("x", 1.0), stream(0, "d"), paired=True
    )
    assert (found.value, found.low) == (2.0, None)
    assert "not resampled" in found.why
    gone = difference(MeasuredValue("x", None, why="no"), MeasuredValue("x", 1.0), stream(0, "d"),
                      paired=True)  # fmt: skip
    assert (gone.value, gone.why) == (None, "no")
