from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, false_discovery_control

from harness.errors import DataError
from harness.metrics import NotMeasurable
from harness.metrics.uncertainty import (
    SubjectPairs,
    bootstrap_tar,
    draw_subject_weights,
    holm,
    mcnemar,
    paired_difference,
    permutation_test,
)


def calls(both, only_a, only_b, neither):
    """Right calls of two models with the given table of counts."""
    a = np.repeat([1, 1, 0, 0], [both, only_a, only_b, neither]).astype(bool)
    b = np.repeat([1, 0, 1, 0], [both, only_a, only_b, neither]).astype(bool)
    return a, b


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(only_a, only_b):
    a, b = calls(100, only_a, only_b, 3)
    found = mcnemar(a, b)
    expected = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert found.p_value == pytest.approx(expected, rel=1e-9)
    assert (found.only_a, found.only_b) == (only_a, only_b)
    assert found.difference == pytest.approx(a.mean() - b.mean())


def test_mcnemar_of_many_pairs():
    a, b = calls(1_000_000, 3000, 2700, 0)
    expected = binomtest(3000, 5700).pvalue
    assert mcnemar(a, b).p_value == pytest.approx(expected, rel=1e-6)


def plain_permutation(sums):
    """All sign patterns, one by one."""
    observed = abs(sum(sums))
    patterns = list(itertools.product([-1, 1], repeat=len(sums)))
    extreme = sum(
        abs(sum(s * d for s, d in zip(signs, sums, strict=True))) >= observed for signs in patterns
    )
    return extreme / len(patterns)


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 5)), min_size=1, max_size=40)
)
def test_few_blocks_are_enumerated(rows):
    a, b, blocks = (np.array(column) for column in zip(*rows, strict=True))
    sums = [int(a[blocks == k].sum()) - int(b[blocks == k].sum()) for k in np.unique(blocks)]
    found = permutation_test(a, b, np.random.default_rng(0), 1000, blocks=blocks)
    assert found.p_value == plain_permutation(sums)
    assert found.method.startswith("permutation, all")


def test_enumeration_over_single_pairs_is_mcnemar():
    a, b = calls(50, 9, 2, 5)
    found = permutation_test(a, b, np.random.default_rng(0))
    assert found.p_value == pytest.approx(mcnemar(a, b).p_value, rel=1e-12)


def test_drawn_permutations_approach_mcnemar():
    a, b = calls(5000, 40, 22, 60)
    found = permutation_test(a, b, np.random.default_rng(0), 40_000)
    exact = mcnemar(a, b).p_value
    assert found.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact / 40_000))
    assert found.method == "permutation, 40000 drawn"


def test_drawn_permutations_of_uneven_blocks_approach_the_enumeration():
    rng = np.random.default_rng(4)
    sums = [5, -1, 2, 2, 7, -3, 1, 1, 4, -2, 3, 6]
    blocks = np.repeat(np.arange(12), np.abs(sums))
    a = np.repeat(np.array(sums) > 0, np.abs(sums))
    found = permutation_test(a, ~a, rng, 4000, blocks=blocks)
    exact = plain_permutation(sums)
    assert found.p_value == pytest.approx(exact, abs=5 * np.sqrt(exact / 4000))


def test_a_p_value_is_never_zero_and_equal_models_are_not_different():
    a, b = calls(0, 300, 0, 0)
    assert permutation_test(a, b, np.random.default_rng(0), 99).p_value == 0.01
    same = calls(70, 0, 0, 5)
    assert mcnemar(*same).p_value == 1.0
    assert permutation_test(*same, np.random.default_rng(0)).p_value == 1.0


def test_pairs_that_share_errors_are_no_evidence_when_swapped_together():
    a, b = calls(0, 40, 0, 0)
    alone = permutation_test(a, b, np.random.default_rng(0), 10_000)
    together = permutation_test(a, b, np.random.default_rng(0), 10_000, np.repeat([0, 1], 20))
    assert alone.p_value < 0.001
    assert together.p_value == 0.5


@pytest.mark.parametrize("function", [mcnemar, lambda a, b: permutation_test(a, b, None)])
def test_calls_that_do_not_pair_are_refused(function):
    with pytest.raises(DataError, match="no pairs"):
        function([], [])
    with pytest.raises(DataError, match="2 entries"):
        function([True, False], [True])


def test_paired_difference_of_replicates():
    rng = np.random.default_rng(1)
    common, own = rng.normal(0, 1, 2000), rng.normal(0, 0.01, 2000)
    found = paired_difference((0.83, 0.80), 0.83 + common + own, 0.80 + common)
    assert found.difference == pytest.approx(0.03)
    low, high = np.quantile(0.03 + own, [0.025, 0.975])
    assert found.interval.low == pytest.approx(low, abs=1e-12)
    assert found.interval.high == pytest.approx(high, abs=1e-12)
    below = np.count_nonzero(0.03 + own <= 0)
    assert found.p_value == pytest.approx(2 * (1 + below) / 2001)


def test_a_model_against_itself():
    replicates = np.random.default_rng(0).random(500)
    found = paired_difference((0.5, 0.5), replicates, replicates)
    assert found.p_value == 1.0
    assert isinstance(found.interval, NotMeasurable)


def test_paired_bootstrap_sees_what_unpaired_intervals_cannot():
    rng = np.random.default_rng(2)
    left = rng.integers(80, size=4000)
    right = np.where(rng.random(4000) < 0.25, left, (left + 1 + rng.integers(79, size=4000)) % 80)
    pairs = SubjectPairs(left, right, 80)
    hard = rng.normal(0, 1.5, 80)[left]
    base = np.where(pairs.genuine, 2 + hard, 0) + rng.normal(0, 1, 4000)
    better = base + np.where(pairs.genuine, 0.25, 0)
    weights = draw_subject_weights(80, 400, rng)
    a = bootstrap_tar(better, pairs, [0.01], weights)[0]
    b = bootstrap_tar(base, pairs, [0.01], weights)[0]
    found = paired_difference((a.mean(), b.mean()), a, b)
    assert found.interval.low > 0
    assert found.p_value < 0.01
    assert np.quantile(a, 0.025) < np.quantile(b, 0.975)  # the two intervals overlap


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_step_down_rule(p_values):
    adjusted = holm(p_values)
    order = sorted(range(len(p_values)), key=lambda k: p_values[k])
    running = 0.0
    for step, k in enumerate(order):
        running = max(running, (len(p_values) - step) * p_values[k])
        assert adjusted[k] == pytest.approx(min(1.0, running))
    # Weaker than no correction and than the false discovery rate, never weaker than Bonferroni.
    for p, q, fdr in zip(p_values, adjusted, false_discovery_control(p_values), strict=True):
        assert p <= q <= min(1.0, p * len(p_values)) + 1e-12
        assert q >= fdr - 1e-12


def test_holm_by_hand_and_empty():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([]) == ()
    with pytest.raises(DataError, match=r"0\.\.1"):
        holm([0.1, np.nan])
