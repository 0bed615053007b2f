"""Spread and balance against scipy and sums written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.components import AttributeInfo
from harness.measures.balance import (
    balance,
    bins,
    circular_std,
    divergence,
    entropy,
    spread,
    spread_within,
)
from harness.metrics.uncertainty.bootstrap import draw_subject_weights


def weights(people, replicates=200):
    return draw_subject_weights(people, replicates, np.random.default_rng(0))


def test_entropy_and_divergence_are_those_of_scipy():
    rng = np.random.default_rng(1)
    counts, target = rng.integers(0, 9, (6, 4)).astype(float), rng.random(6)
    assert entropy(counts) == pytest.approx(stats.entropy(counts, base=2, axis=0))
    wanted = [stats.entropy(column, target, base=2) for column in counts.T]
    assert divergence(counts, target) == pytest.approx(wanted)
    assert entropy(np.array([5.0, 0.0])) == 0
    assert divergence(np.array([1.0, 1.0]), np.array([1.0, 0.0])) == np.inf


def test_circular_spread_is_that_of_scipy_and_does_not_see_the_turn():
    angles = np.random.default_rng(2).normal(175, 20, 400)
    turned = (angles + 180) % 360 - 180
    turn = np.deg2rad(turned)
    found = circular_std(np.cos(turn).mean(), np.sin(turn).mean())
    assert found == pytest.approx(np.rad2deg(stats.circstd(turn)))
    owners = np.arange(400) // 4
    value = spread("std", turned, owners, weights(100), angle=True)
    assert value.value == pytest.approx(20, abs=2)
    assert value.low < value.value < value.high


def test_spread_over_and_within_identities():
    rng = np.random.default_rng(3)
    owners = np.repeat(np.arange(50), 8)
    values = rng.normal(100, 5, 50)[owners] + rng.normal(0, 2, 400)
    whole = spread("std", values, owners, weights(50), angle=False)
    assert whole.value == pytest.approx(values.std())
    within = spread_within("within", values, owners, rng, 200, angle=False)
    wanted = np.mean([values[owners == k].std(ddof=1) for k in range(50)])
    assert within.value == pytest.approx(wanted)
    assert within.n == 50
    alone = spread_within("within", values[:3], np.arange(3), rng, 200, angle=False)
    assert alone.value is None
    assert "two images" in alone.why


def test_intervals_resample_identities_not_images():
    owners = np.repeat(np.arange(20), 50)
    values = np.random.default_rng(4).normal(size=20)[owners]
    found = spread("std", values, owners, weights(20), angle=False)
    assert found.high - found.low > 0.2  # 1,000 independent values would give 0.09


def test_bins_have_open_ends_and_categories_are_themselves():
    info = AttributeInfo("x", edges=(0.0, 1.0, 2.0))
    assert bins(np.array([-5, 0, 0.5, 1.0, 1.5, 9]), info).tolist() == [0, 0, 0, 1, 1, 1]
    classes = AttributeInfo("x", kind="category", categories=("a", "b"))
    assert bins(np.array([1.0, 0.0]), classes).tolist() == [1, 0]


def test_a_target_without_a_value_that_is_there_has_no_divergence():
    codes, owners = np.array([0, 1, 1, 2]), np.arange(4)
    even, away = (balance("sex", codes, 3, owners, weights(4), t) for t in (None, [1, 1, 0]))
    assert [value.metric for value in even] == ["entropy@sex"]
    assert even[0].value == pytest.approx(1.5)
    assert away[1].value is None
    assert "target does not have" in away[1].why
