from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from harness.errors import DataError
from harness.metrics import sort_labelled_scores, tar_at_far
from harness.metrics.uncertainty import (
    SubjectPairs,
    bootstrap_accuracy,
    bootstrap_tar,
    draw_subject_weights,
    encode_subjects,
    percentile_interval,
)
from harness.metrics.uncertainty import _weighted_counts as weighted_counts
from harness.metrics.uncertainty import bootstrap as bootstrap_module
from harness.metrics.uncertainty._weighted_counts import RunningWeights, impostor_weight


def some_pairs(n_subjects, n_genuine, n_impostor, seed, decimals=9):
    rng = np.random.default_rng(seed)
    left = rng.integers(n_subjects, size=n_genuine + n_impostor)
    right = (left + rng.integers(1, n_subjects, size=left.size)) % n_subjects
    genuine = rng.permutation(np.arange(left.size) < n_genuine)
    right[genuine] = left[genuine]
    scores = rng.normal(np.where(genuine, 2.0, 0.0), 1.0).round(decimals).astype(np.float32)
    return scores, SubjectPairs(left, right, n_subjects)


def plain_weights(pairs, column):
    """Weight of each pair in one replicate, written out."""
    column = column.tolist()
    return np.array(
        [
            column[a] if a == b else column[a] * column[b]
            for a, b in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)
        ]
    )


def plain_tar(scores, pairs, weights, target):
    """TAR at the lowest observed score whose weighted FAR is at most the target."""
    genuine = pairs.left == pairs.right
    if not weights[genuine].sum() or not weights[~genuine].sum():
        return np.nan
    best = 0.0
    for threshold in np.unique(scores)[::-1]:
        accepted = scores >= threshold
        if weights[accepted & ~genuine].sum() / weights[~genuine].sum() > target:
            break
        best = weights[accepted & genuine].sum() / weights[genuine].sum()
    return best


@pytest.mark.parametrize("decimals", [0, 1, 9])
@pytest.mark.parametrize(("n_subjects", "n_impostor"), [(40, 300), (7, 900), (3, 30)])
def test_every_replicate_is_the_plain_weighted_rule(decimals, n_subjects, n_impostor):
    scores, pairs = some_pairs(n_subjects, 60, n_impostor, seed=decimals, decimals=decimals)
    weights = draw_subject_weights(n_subjects, 40, np.random.default_rng(1))
    targets = [0.3, 0.1, 0.05, 1.0]
    found = bootstrap_tar(scores, pairs, targets, weights)
    for b in range(40):
        column = plain_weights(pairs, weights[:, b])
        for row, target in zip(found, targets, strict=True):
            expected = plain_tar(scores, pairs, column, target)
            np.testing.assert_allclose(row[b], expected, rtol=1e-12)


def test_unit_weights_give_the_estimate_itself():
    scores, pairs = some_pairs(50, 400, 2900, seed=4)
    ones = np.ones((50, 3), np.uint16)
    # The float below 0.1 times 2,900 rounds to 290, which is one impostor too many.
    targets = [0.29, 0.1, np.nextafter(0.1, 0), 0.07, 0.01, 0.001, 1 / 2900]
    points = tar_at_far(sort_labelled_scores(scores, pairs.genuine), targets, "at-most")
    found = bootstrap_tar(scores, pairs, targets, ones)
    for row, point in zip(found, points, strict=True):
        np.testing.assert_array_equal(row, point.tar)


def test_keeping_too_few_impostors_at_first_changes_nothing(monkeypatch):
    scores, pairs = some_pairs(12, 100, 5000, seed=9, decimals=2)
    weights = draw_subject_weights(12, 64, np.random.default_rng(0))
    whole = bootstrap_tar(scores, pairs, [0.2, 0.02], weights)
    monkeypatch.setattr(bootstrap_module, "_MARGIN", 0.2)
    np.testing.assert_array_equal(bootstrap_tar(scores, pairs, [0.2, 0.02], weights), whole)


def test_block_length_changes_nothing(monkeypatch):
    scores, pairs = some_pairs(30, 700, 3000, seed=5, decimals=2)
    weights = draw_subject_weights(30, 50, np.random.default_rng(0))
    whole = bootstrap_tar(scores, pairs, [0.3, 0.03], weights)
    monkeypatch.setattr(weighted_counts, "_BLOCK", 7)
    np.testing.assert_array_equal(bootstrap_tar(scores, pairs, [0.3, 0.03], weights), whole)


def test_rejected_comparisons_are_resampled_as_rejected():
    scores, pairs = some_pairs(20, 80, 400, seed=6)
    scores[::5] = -np.inf
    weights = draw_subject_weights(20, 30, np.random.default_rng(2))
    found = bootstrap_tar(scores, pairs, [0.5, 0.9], weights)
    for b in range(30):
        column = plain_weights(pairs, weights[:, b])
        for row, target in zip(found, [0.5, 0.9], strict=True):
            expected = plain_tar(scores, pairs, column, target)
            np.testing.assert_allclose(row[b], expected, rtol=1e-12)


def test_a_far_below_one_impostor_is_not_a_number():
    scores, pairs = some_pairs(30, 50, 500, seed=0)
    weights = draw_subject_weights(30, 20, np.random.default_rng(0))
    found = bootstrap_tar(scores, pairs, [1e-3, 0.1], weights)
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()
    only_genuine = SubjectPairs(np.arange(3), np.arange(3), 3)
    assert np.isnan(bootstrap_tar(np.ones(3), only_genuine, [0.1], weights[:3])).all()


def test_accuracy_replicates_are_the_plain_weighted_share():
    rng = np.random.default_rng(3)
    _, pairs = some_pairs(25, 90, 210, seed=3)
    correct = rng.random(300) < 0.8
    weights = draw_subject_weights(25, 50, rng)
    found = bootstrap_accuracy(correct, pairs, weights)
    for b in range(50):
        w = plain_weights(pairs, weights[:, b])
        genuine = pairs.genuine
        expected = 0.3 * np.average(correct[genuine], weights=w[genuine])
        expected += 0.7 * np.average(correct[~genuine], weights=w[~genuine])
        assert found[b] == pytest.approx(expected, rel=1e-12)
    ones = np.ones((25, 1), np.uint16)
    assert bootstrap_accuracy(correct, pairs, ones)[0] == pytest.approx(correct.mean())


def test_accuracy_of_one_kind_of_pair_and_of_undrawn_subjects():
    pairs = SubjectPairs(np.array([0, 1]), np.array([1, 0]), 3)
    weights = np.array([[1, 0], [2, 3], [0, 0]], np.uint16)
    found = bootstrap_accuracy([True, True], pairs, weights)
    assert found[0] == 1.0
    assert np.isnan(found[1])


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    # Subjects differ in difficulty, so pairs of one subject err together.
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(200):
        skill = rng.beta(8, 2, size=60)
        left = np.repeat(np.arange(60), 10)
        pairs = SubjectPairs(left, left, 60)
        correct = rng.random(600) < skill[left]
        replicates = bootstrap_accuracy(correct, pairs, draw_subject_weights(60, 300, rng))
        interval = percentile_interval(replicates)
        covered += interval.low <= 0.8 <= interval.high
    assert 0.88 <= covered / 200 <= 0.99


def test_weights_are_multinomial_and_come_from_the_generator_alone():
    weights = draw_subject_weights(50, 4000, np.random.default_rng(5))
    assert weights.shape == (50, 4000)
    assert weights.dtype == np.uint16
    np.testing.assert_array_equal(weights.sum(axis=0), 50)
    assert weights.var() == pytest.approx(1 - 1 / 50, rel=0.02)
    again = draw_subject_weights(50, 40, np.random.default_rng(5))
    np.testing.assert_array_equal(again, weights[:, :40])


def test_subjects_are_numbered_from_any_labels():
    pairs = encode_subjects(["b", "a", "c"], ["b", "c", "a"])
    assert pairs.n_subjects == 3
    assert pairs.left.tolist() == [1, 0, 2]
    assert pairs.right.tolist() == [1, 2, 0]
    assert pairs.genuine.tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("n_subjects", "n_pairs"), [(5, 4000), (40, 10), (300, 20_000)], ids=["dense", "few", "dense2"]
)
def test_impostor_weight_both_ways(n_subjects, n_pairs, monkeypatch):
    rng = np.random.default_rng(n_pairs)
    left, right = rng.integers(n_subjects, size=(2, n_pairs))
    weights = draw_subject_weights(n_subjects, 9, rng)
    expected = [
        sum(
            c * w[a] * w[b]
            for (a, b), c in Counter(zip(left, right, strict=True)).items()
            if a != b
        )
        for w in weights.T.astype(float)
    ]
    np.testing.assert_array_equal(impostor_weight(left, right, weights), expected)
    monkeypatch.setattr(weighted_counts, "_GEMM_GAIN", 0)
    np.testing.assert_array_equal(impostor_weight(left, right, weights), expected)


@pytest.mark.parametrize("gain", [60, 0])
def test_impostor_weight_beyond_the_whole_numbers_of_float32(gain, monkeypatch):
    monkeypatch.setattr(weighted_counts, "_GEMM_GAIN", gain)
    weights = np.full((2, 1), 4097, np.uint16)
    left, right = np.zeros(4999, int), np.ones(4999, int)
    assert impostor_weight(left, right, weights)[0] == 4999 * 4097**2


@pytest.mark.parametrize("factor", [1, 3000])  # large weights overflow 16 bits unless widened
def test_running_weights_against_a_plain_cumulative_sum(factor):
    rng = np.random.default_rng(8)
    weights = draw_subject_weights(20, 6, rng) * np.uint16(factor)
    left, right = rng.integers(20, size=(2, 1000))
    plain = np.cumsum(weights[left].astype(float) * weights[right], axis=0)
    running = RunningWeights(weights, left, right)
    np.testing.assert_array_equal(running.total, plain[-1])
    limits = np.stack([plain[k] for k in (0, 255, 256, 511, 998)] + [plain[-1], plain[-1] * 0])
    expected = [[np.count_nonzero(plain[:, b] <= row[b]) for b in range(6)] for row in limits]
    np.testing.assert_array_equal(running.first_above(limits), expected)
    counts = np.array([[0, 1, 255, 256, 257, 1000]])
    sums = np.vstack([np.zeros(6), plain])
    np.testing.assert_array_equal(running.before(counts)[0], sums[counts[0], np.arange(6)])


@pytest.mark.parametrize(
    ("left", "right", "n", "message"),
    [
        ([0, 3], [0, 1], 3, r"left subjects must be in 0\.\.2; it spans 0\.\.3"),
        ([0, 1], [0, -1], 3, "right subjects"),
        ([0, 1], [0], 3, "2 entries"),
        ([0.0, 1.0], [0, 1], 3, "integers"),
    ],
)
def test_subjects_out_of_range_are_named(left, right, n, message):
    with pytest.raises(DataError, match=message):
        SubjectPairs(np.array(left), np.array(right), n)


def test_scores_that_do_not_fit_are_named():
    pairs = SubjectPairs(np.array([0, 0]), np.array([0, 1]), 2)
    weights = np.ones((2, 2), np.uint16)
    with pytest.raises(DataError, match="1 of 2 scores are NaN"):
        bootstrap_tar([np.nan, 1.0], pairs, [1.0], weights)
    with pytest.raises(DataError, match="3 entries"):
        bootstrap_tar([1.0, 1.0, 1.0], pairs, [1.0], weights)
    with pytest.raises(DataError, match="2 entries"):
        bootstrap_accuracy([True], pairs, weights)
