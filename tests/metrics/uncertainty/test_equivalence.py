from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm, t, ttest_1samp

from harness.errors import DataError
from harness.metrics.uncertainty import tost, tost_accuracy, tost_bootstrap


def calls(both, only_a, only_b, neither):
    a = np.repeat([1, 1, 0, 0], [both, only_a, only_b, neither]).astype(bool)
    b = np.repeat([1, 0, 1, 0], [both, only_a, only_b, neither]).astype(bool)
    return a, b


def test_normal_tost_is_two_one_sided_tests():
    found = tost(0.002, 0.004, 0.01)
    assert found.p_not_worse == pytest.approx(norm.sf((0.002 + 0.01) / 0.004))
    assert found.p_not_better == pytest.approx(norm.cdf((0.002 - 0.01) / 0.004))
    assert found.p_value == found.p_not_better


def test_t_tost_of_seeds_is_that_of_scipy():
    differences = np.array([0.4, -0.1, 0.3, 0.2, 0.1])
    error = differences.std(ddof=1) / np.sqrt(5)
    found = tost(differences.mean(), error, 0.5, freedom=4)
    assert found.p_not_worse == pytest.approx(
        ttest_1samp(differences, -0.5, alternative="greater").pvalue
    )
    assert found.p_not_better == pytest.approx(
        ttest_1samp(differences, 0.5, alternative="less").pvalue
    )
    assert found.p_not_better == pytest.approx(t.cdf((differences.mean() - 0.5) / error, 4))


def test_equivalence_agrees_with_the_interval_inside_the_margin():
    for difference in (-0.012, -0.004, 0.0, 0.003, 0.0099):
        found = tost(difference, 0.003, 0.01)
        inside = abs(difference) + norm.ppf(0.95) * 0.003 < 0.01
        assert (found.p_value < 0.05) == inside


def plain_score_p(plus, minus, n, margin):
    """One-sided score test at the border, its likelihood maximised by search."""

    def log_likelihood(share):
        cells = (share - margin, share, 1 - 2 * share + margin)
        counts = (plus, minus, n - plus - minus)
        return sum(k * np.log(max(p, 1e-300)) for k, p in zip(counts, cells, strict=True) if k)

    top = (1 + margin) / 2
    found = minimize_scalar(
        lambda q: -log_likelihood(q),
        bounds=(margin, top),
        method="bounded",
        options={"xatol": 1e-12},
    )
    share = max((found.x, margin, top), key=log_likelihood)
    variance = n * (2 * share - margin - margin**2)
    return norm.sf((plus - minus + n * margin) / np.sqrt(variance))


@pytest.mark.parametrize(
    "table", [(900, 12, 20, 68), (900, 20, 12, 68), (80, 10, 10, 0), (96, 0, 4, 0)]
)
@pytest.mark.parametrize("margin", [0.01, 0.05])
def test_paired_accuracy_is_the_score_test(table, margin):
    both, only_a, only_b, neither = table
    found = tost_accuracy(*calls(*table), margin)
    n = sum(table)
    assert found.p_not_worse == pytest.approx(plain_score_p(only_a, only_b, n, margin), rel=1e-4)
    assert found.p_not_better == pytest.approx(plain_score_p(only_b, only_a, n, margin), rel=1e-4)
    assert found.difference == pytest.approx((only_a - only_b) / n)
    assert both + neither == n - only_a - only_b


def test_models_that_never_disagree_are_equivalent_only_with_enough_pairs():
    assert tost_accuracy(*calls(5900, 0, 0, 100), 0.01).p_value < 1e-9
    assert tost_accuracy(*calls(50, 0, 0, 0), 0.01).p_value > 0.2


def test_the_score_test_holds_its_level_at_the_border():
    rng = np.random.default_rng(0)
    n, margin, trials = 600, 0.02, 1500
    rejected = 0
    for _ in range(trials):
        only_a, only_b, same = rng.multinomial(n, [0.05, 0.07, 0.88])
        rejected += tost_accuracy(*calls(same, only_a, only_b, 0), margin).p_not_worse < 0.05
    assert 0.03 < rejected / trials < 0.07


def test_bootstrap_tost_counts_replicates_beyond_the_margin():
    rng = np.random.default_rng(1)
    b = rng.random(999)
    a = b + rng.normal(0.002, 0.004, 999)
    found = tost_bootstrap((0.902, 0.9), a, b, 0.01)
    assert found.p_not_worse == (1 + np.count_nonzero(a - b <= -0.01)) / 1000
    assert found.p_not_better == (1 + np.count_nonzero(a - b >= 0.01)) / 1000
    assert found.difference == pytest.approx(0.002)
    assert found.p_value == max(found.p_not_worse, found.p_not_better)


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="margin"):
        tost(0.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="standard error"):
        tost(0.0, 0.0, 0.1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        tost_accuracy([True], [True], 1.0)
    with pytest.raises(DataError, match="no pairs"):
        tost_accuracy([], [], 0.1)
    with pytest.raises(DataError, match="do not pair"):
        tost_bootstrap((0, 0), [1.0], [1.0, 2.0], 0.1)
