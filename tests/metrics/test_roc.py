from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn import metrics as sklearn_metrics

from harness.errors import DataError
from harness.metrics import (
    auc,
    equal_error_rate,
    roc_curve,
    roc_from_points,
    sort_scores,
)
from harness.metrics._vertices import all_vertices, vertex_window

# Few distinct values, so that ties within and across the two kinds are the rule.
tied = st.lists(st.integers(-4, 4).map(lambda k: k / 4), min_size=1, max_size=40)


def sklearn_roc(genuine, impostor, *, drop=True):
    labels = np.repeat([1, 0], [len(genuine), len(impostor)])
    scores = np.concatenate((genuine, impostor))
    return sklearn_metrics.roc_curve(labels, scores, drop_intermediate=drop)


@given(tied, tied)
def test_vertices_are_those_of_sklearn_with_ties(genuine, impostor):
    fpr, tpr, thresholds = sklearn_roc(genuine, impostor)
    curve = roc_curve(sort_scores(genuine, impostor))
    np.testing.assert_array_equal(curve.fmr, fpr)
    np.testing.assert_array_equal(curve.tmr, tpr)
    np.testing.assert_array_equal(curve.threshold, thresholds)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("decimals", [2, 3, 9])
def test_vertices_are_those_of_sklearn_on_thousands(dtype, decimals):
    rng = np.random.default_rng(decimals)
    genuine = rng.normal(1, 1, 700).round(decimals).astype(dtype)
    impostor = rng.normal(0, 1, 5000).round(decimals).astype(dtype)
    fpr, tpr, thresholds = sklearn_roc(genuine, impostor)
    curve = roc_curve(sort_scores(genuine, impostor))
    np.testing.assert_array_equal(curve.fmr, fpr)
    np.testing.assert_array_equal(curve.tmr, tpr)
    np.testing.assert_array_equal(curve.threshold, thresholds)
    assert curve.area == pytest.approx(sklearn_metrics.auc(fpr, tpr), abs=1e-14)


@given(tied, tied, st.integers(0, 39), st.integers(1, 39))
def test_a_window_holds_the_vertices_of_the_whole_curve(genuine, impostor, first, length):
    scores = sort_scores(genuine, impostor)
    first = min(first, len(impostor) - 1)
    last = min(first + length, len(impostor))
    whole, window = all_vertices(scores), vertex_window(scores, first, last)
    above = -1 if window.matches_above is None else window.matches_above
    below = np.inf if window.matches_below is None else window.matches_below
    found = list(zip(window.threshold, window.false_matches, window.true_matches, strict=True))
    expected = list(zip(whole.threshold, whole.false_matches, whole.true_matches, strict=True))
    assert set(found) <= set(expected)
    # The promise: nothing outside the window is strictly between its two bounds.
    assert {v for v in expected if above < v[1] < below} <= set(found)
    ranks = -np.sort(-np.asarray(impostor))[first:last]
    assert above < first + 1
    assert below >= last
    assert ranks.size == last - first


@given(tied, tied)
def test_auc_is_the_share_of_ordered_pairs(genuine, impostor):
    wins = sum((g > i) + (g == i) / 2 for g in genuine for i in impostor)
    scores = sort_scores(genuine, impostor)
    assert auc(scores) == pytest.approx(wins / (len(genuine) * len(impostor)), abs=1e-15)
    labels = np.repeat([1, 0], [len(genuine), len(impostor)])
    by_sklearn = sklearn_metrics.roc_auc_score(labels, np.concatenate((genuine, impostor)))
    assert auc(scores) == pytest.approx(by_sklearn, abs=1e-12)
    assert roc_curve(scores).area == pytest.approx(auc(scores), abs=1e-12)


def test_auc_of_rejected_comparisons_counts_them_as_lowest():
    assert auc(sort_scores([1.0, -np.inf], [0.0, -np.inf])) == (1 + 1 + 0 + 0.5) / 4


def plain_eer(genuine, impostor):
    """The rule written out: cross between neighbouring thresholds, smaller sum, lower on ties."""
    thresholds = [*sorted({*genuine, *impostor}), np.inf]
    rates = [
        (
            sum(i >= t for i in impostor) / len(impostor),
            sum(g < t for g in genuine) / len(genuine),
        )
        for t in thresholds
    ]
    after = next(k for k, (fmr, fnmr) in enumerate(rates) if fmr <= fnmr)
    if rates[after][0] != rates[after][1] and after and sum(rates[after - 1]) <= sum(rates[after]):
        after -= 1
    return (*rates[after], thresholds[after])


@given(tied, tied)
def test_eer_is_the_plain_rule(genuine, impostor):
    found = equal_error_rate(sort_scores(genuine, impostor))
    assert (found.fmr, found.fnmr, found.threshold) == plain_eer(genuine, impostor)
    assert found.value == (found.fmr + found.fnmr) / 2


def test_eer_at_the_extremes():
    assert equal_error_rate(sort_scores([2.0, 3.0], [0.0, 1.0])).value == 0.0
    assert equal_error_rate(sort_scores([0.0], [1.0])).value == 1.0
    assert equal_error_rate(sort_scores([5.0] * 3, [5.0] * 7)).value == 0.5
    assert equal_error_rate(sort_scores([5.0], [5.0])).value == 0.5


def test_eer_of_two_normals_a_known_distance_apart():
    quantiles = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    rate = equal_error_rate(sort_scores(quantiles + 2, quantiles))
    assert rate.value == pytest.approx(norm.cdf(-1), abs=1e-4)
    assert rate.threshold == pytest.approx(1.0, abs=1e-3)


def test_det_axes_of_normal_scores_are_a_straight_line():
    quantiles = norm.ppf((np.arange(4000) + 0.5) / 4000)
    curve = roc_curve(sort_scores(quantiles + 2.5, quantiles))
    np.testing.assert_array_equal(curve.fnmr, 1 - curve.tmr)
    with np.errstate(divide="ignore"):
        x, y = norm.ppf(curve.fmr), norm.ppf(curve.fnmr)
    inside = np.isfinite(x) & np.isfinite(y)
    middle = inside & (np.abs(x) < 2) & (np.abs(y) < 2)
    np.testing.assert_allclose(x[middle] + y[middle], -2.5, atol=0.02)


def test_balanced_accuracy_is_the_best_over_thresholds():
    genuine, impostor = [0.9, 0.8, 0.3], [0.7, 0.2, 0.1, 0.0]
    best = max(
        (np.mean([g >= t for g in genuine]) + np.mean([i < t for i in impostor])) / 2
        for t in [*genuine, *impostor, np.inf]
    )
    curve = roc_curve(sort_scores(genuine, impostor))
    assert curve.best_balanced_accuracy == pytest.approx(best, abs=1e-15)


def test_published_points_in_any_order_get_their_ends():
    curve = roc_from_points([0.5, 0.0, 0.1], [1.0, 0.2, 0.8])
    np.testing.assert_array_equal(curve.fmr, [0, 0, 0.1, 0.5, 1])
    np.testing.assert_array_equal(curve.tmr, [0, 0.2, 0.8, 1, 1])
    assert curve.area == pytest.approx(0.05 + 0.36 + 0.5)
    assert curve.best_balanced_accuracy == pytest.approx(0.85)


@pytest.mark.parametrize(
    ("fmr", "tmr"), [([0.1], [1.2]), ([0.1, 0.2], [0.3]), ([], []), ([np.nan], [0.1])]
)
def test_points_that_are_no_rates_are_refused(fmr, tmr):
    with pytest.raises(DataError):
        roc_from_points(fmr, tmr)
