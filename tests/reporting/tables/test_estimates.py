from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.reporting.tables.estimates import difference, pool
from harness.results.schema import IntervalRecord, MetricRecord


def measured(value, half=0.02):
    ci = IntervalRecord(level=0.95, low=value - half, high=value + half, method="pairs")
    return MetricRecord(name="accuracy", value=value, ci=ci)


def test_one_seed_keeps_its_interval():
    estimate = pool([measured(0.9)])
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.9, 0.88, 0.92))


def test_several_seeds_add_their_spread_in_quadrature():
    values = [0.90, 0.92, 0.91]
    estimate = pool([measured(v) for v in values])
    spread = stats.t.ppf(0.975, 2) * np.std(values, ddof=1) / np.sqrt(3)
    assert estimate.value == pytest.approx(np.mean(values))
    assert estimate.high - estimate.value == pytest.approx(np.hypot(0.02, spread))


def test_unmeasurable_repeats_are_left_out():
    nothing = MetricRecord(name="tar", value=None, note="too few impostors")
    assert pool([nothing]) is None
    assert pool([nothing, measured(0.5)]).seeds == 1


def test_a_difference_of_equal_intervals_is_the_square_root_rule():
    change = difference(pool([measured(0.95)]), pool([measured(0.90)]))
    assert change.value == pytest.approx(0.05)
    assert change.low == pytest.approx(0.05 - np.sqrt(2) * 0.02)


def test_without_intervals_there_is_no_difference():
    bare = MetricRecord(name="accuracy", value=0.5)
    assert difference(pool([bare]), pool([measured(0.9)])) is None


def test_one_more_seed_of_the_same_spread_narrows_the_interval():
    two = pool([MetricRecord(name="accuracy", value=v) for v in (0.51, 0.5577)])
    error = 0.0477 / np.sqrt(2) / np.sqrt(2)
    assert two.half_width == pytest.approx(12.7062 * error, rel=1e-4)
    third = 4.30265 * 0.0477 / np.sqrt(2) / np.sqrt(3)
    assert two.with_one_more_seed() == pytest.approx(third, rel=1e-4)
    with_pairs = pool([measured(0.51), measured(0.5577)])
    assert with_pairs.with_one_more_seed() == pytest.approx(np.hypot(0.02, third), rel=1e-4)
