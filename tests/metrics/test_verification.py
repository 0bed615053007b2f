from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold

from harness.errors import DataError
from harness.metrics import best_threshold_accuracy, contiguous_folds, kfold_accuracy


def published_rule(distances, genuine, folds):
    """The 10-fold rule of insightface's verification.py, one threshold and fold at a time."""
    grid = np.arange(0, 4, 0.01)

    def accuracy(threshold, part):
        called = np.less(distances[part], threshold)
        return float(np.sum(called == genuine[part])) / distances[part].size

    accuracies, thresholds = [], []
    for fold in np.unique(folds):
        train = [accuracy(t, folds != fold) for t in grid]
        best = np.argmax(train)
        thresholds.append(grid[best])
        accuracies.append(accuracy(grid[best], folds == fold))
    return np.array(accuracies), np.array(thresholds)


def plain_official(distances, genuine, folds):
    """Every cut between distinct training distances, tried in rising order."""
    distances = distances.astype(np.float64)
    accuracies, thresholds = [], []
    for fold in np.unique(folds):
        train, labels = distances[folds != fold], genuine[folds != fold]
        values = np.unique(train)
        cuts = [values[0], *(values[:-1] + values[1:]) / 2, np.nextafter(values[-1], np.inf)]
        right = [np.sum((train < cut) == labels) for cut in cuts]
        thresholds.append(cuts[int(np.argmax(right))])
        accuracies.append(
            np.mean((distances[folds == fold] < thresholds[-1]) == genuine[folds == fold])
        )
    return np.array(accuracies), np.array(thresholds)


def fine_grid(distances, genuine, folds):
    """The published rule on a grid so fine that no two distances (multiples of 1/4) share a step.

    Thresholds are given as the last distance that they accept, -1 where none.
    """
    grid = np.arange(0, 4.2, 1 / 64)
    accuracies, thresholds = [], []
    for fold in np.unique(folds):
        train, labels = distances[folds != fold], genuine[folds != fold]
        right = [np.sum((train < cut) == labels) for cut in grid]
        best = grid[int(np.argmax(right))]
        thresholds.append(max([-1.0, *train[train < best]]))
        accuracies.append(np.mean((distances[folds == fold] < best) == genuine[folds == fold]))
    return np.array(accuracies), np.array(thresholds)


def simulated_pairs(n, dtype, seed, decimals=None):
    rng = np.random.default_rng(seed)
    genuine = rng.permutation(np.arange(n) % 2 == 0)
    distances = np.clip(rng.normal(np.where(genuine, 1.2, 1.8), 0.3), 0, 4)
    if decimals is not None:
        distances = distances.round(decimals)
    return distances.astype(dtype), genuine, contiguous_folds(n)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("decimals", [None, 2, 1])
def test_grid_rule_is_bit_identical_to_the_published_loop(dtype, decimals):
    # Rounding to 2 decimals puts every distance on an edge of the grid, or a float beside it.
    distances, genuine, folds = simulated_pairs(6000, dtype, seed=7, decimals=decimals)
    found = kfold_accuracy(distances, genuine, folds)
    accuracies, thresholds = published_rule(distances, genuine, folds)
    np.testing.assert_array_equal(found.accuracies, accuracies)
    np.testing.assert_array_equal(found.thresholds, thresholds)
    assert found.mean == np.mean(accuracies)
    assert found.fold_std == np.std(accuracies)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=4, max_size=60),
    st.integers(2, 5),
    st.sampled_from([np.float32, np.float64]),
)
def test_both_rules_on_few_tied_pairs_and_uneven_folds(pairs, n_folds, dtype):
    steps, labels = zip(*pairs, strict=True)
    # One pair of each kind in every fold first, so that no fold is of one class.
    distances = np.array([1.0, 2.0] * n_folds + [step / 4 for step in steps], dtype)
    genuine = np.array([True, False] * n_folds + list(labels))
    folds = np.append(np.repeat(np.arange(n_folds) * 7 - 3, 2), np.array(steps) % n_folds * 7 - 3)
    for rule, oracle in (("insightface", published_rule), ("official", plain_official)):
        found = kfold_accuracy(distances, genuine, folds, rule)
        accuracies, thresholds = oracle(distances, genuine, folds)
        np.testing.assert_array_equal(found.accuracies, accuracies)
        np.testing.assert_array_equal(found.thresholds, thresholds)
        np.testing.assert_array_equal(found.folds, np.unique(folds))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 16), st.booleans()), min_size=4, max_size=60),
    st.integers(2, 5),
)
def test_the_exact_rule_is_the_grid_rule_without_the_grid(pairs, n_folds):
    steps, labels = zip(*pairs, strict=True)
    distances = np.array([1.0, 2.0] * n_folds + [step / 4 for step in steps])
    genuine = np.array([True, False] * n_folds + list(labels))
    folds = np.append(np.repeat(np.arange(n_folds), 2), np.array(steps) % n_folds)
    found = kfold_accuracy(distances, genuine, folds, "exact")
    accuracies, last = fine_grid(distances, genuine, folds)
    np.testing.assert_array_equal(found.accuracies, accuracies)
    above = np.where(last < 0, 0.0, np.nextafter(last, np.inf))
    np.testing.assert_array_equal(found.thresholds, above)


def test_the_three_rules_place_the_threshold_differently():
    # Train on fold 1: cut between 0.5 and 1.5. The pair of fold 0 at 0.9 tells the rules apart.
    distances = np.array([0.9, 1.4, 0.5, 1.5])
    genuine = np.array([True, False, True, False])
    folds = np.array([0, 0, 1, 1])
    first = {
        rule: kfold_accuracy(distances, genuine, folds, rule)
        for rule in ("insightface", "official", "exact")
    }
    assert first["insightface"].thresholds[0] == 0.51
    assert first["official"].thresholds[0] == 1.0
    assert first["exact"].thresholds[0] == np.nextafter(0.5, 1)
    assert [first[rule].accuracies[0] for rule in first] == [0.5, 1.0, 0.5]


def test_official_rule_on_thousands():
    distances, genuine, folds = simulated_pairs(3000, np.float64, seed=1)
    found = kfold_accuracy(distances, genuine, folds, "official")
    accuracies, thresholds = plain_official(distances, genuine, folds)
    np.testing.assert_array_equal(found.accuracies, accuracies)
    np.testing.assert_array_equal(found.thresholds, thresholds)


def test_counts_decisions_and_both_spreads():
    distances, genuine, folds = simulated_pairs(1003, np.float32, seed=2)
    found = kfold_accuracy(distances, genuine, folds)
    threshold = found.thresholds[folds]
    np.testing.assert_array_equal(found.correct, (distances.astype(float) < threshold) == genuine)
    assert found.n_right == found.correct.sum() == found.right.sum()
    assert found.n_pairs == found.total.sum() == 1003
    np.testing.assert_array_equal(found.total, np.bincount(folds))
    by_fold = [found.correct[folds == k].mean() for k in range(10)]
    assert found.mean == pytest.approx(np.mean(by_fold))
    assert found.fold_std == pytest.approx(np.std(by_fold))
    assert found.standard_error == pytest.approx(np.std(by_fold, ddof=1) / np.sqrt(10))
    # The two are the same spread: over ten folds the published one is exactly three times as wide.
    assert found.fold_std == pytest.approx(3 * found.standard_error)


def test_the_lowest_of_equal_thresholds_is_taken():
    distances = np.array([0.5, 1.5] * 4)
    genuine = np.array([True, False] * 4)
    folds = np.repeat(np.arange(4), 2)
    assert set(kfold_accuracy(distances, genuine, folds).thresholds) == {0.51}
    assert set(kfold_accuracy(distances, genuine, folds, "official").thresholds) == {1.0}


def test_all_distances_equal():
    folds = np.repeat(np.arange(10), 2)
    genuine = np.tile([True, False], 10)
    for rule in ("insightface", "official"):
        found = kfold_accuracy(np.ones(20), genuine, folds, rule)
        np.testing.assert_array_equal(found.accuracies, 0.5)
    assert set(kfold_accuracy(np.ones(20), genuine, folds, "official").thresholds) == {1.0}


def test_neighbouring_floats_are_still_separated():
    low = 1.0
    high = np.nextafter(low, 2)
    folds = np.repeat(np.arange(2), 2)
    found = kfold_accuracy([low, high] * 2, [True, False] * 2, folds, "official")
    assert found.mean == 1.0


def test_pairs_that_could_not_be_compared_are_called_different():
    distances = np.array([0.5, 1.5, np.inf, np.inf] * 2)
    genuine = np.array([True, False, True, False] * 2)
    folds = np.repeat(np.arange(2), 4)
    for rule in ("insightface", "official"):
        found = kfold_accuracy(distances, genuine, folds, rule)
        np.testing.assert_array_equal(found.accuracies, 0.75)
        np.testing.assert_array_equal(found.correct, [True, True, False, True] * 2)


def test_training_folds_without_any_comparison_are_refused():
    distances = np.array([0.5, 1.5, np.inf, np.inf])
    with pytest.raises(DataError, match="every distance is"):
        kfold_accuracy(distances, [True, False] * 2, [0, 0, 1, 1], "official")


@pytest.mark.parametrize(
    ("distances", "genuine", "folds", "message"),
    [
        ([1.0, np.nan, 1, 2], [1, 0, 1, 0], [0, 0, 1, 1], "1 of 4 distances are NaN.*pair 1"),
        ([1.0, -np.inf, 1, 2], [1, 0, 1, 0], [0, 0, 1, 1], "NaN or -inf"),
        ([1.0, 1, 1, 2], [1, 0, 1, 0], [5, 5, 5, 5], "at least two folds; there are 1"),
        ([1.0, 1, 1, 2], [1, 1, 0, 0], [3, 3, 4, 4], r"2 of 2 folds .*fold 3, 4.*interleave"),
        ([1.0, 1, 1], [1, 1, 0, 0], [3, 3, 4, 4], "3 entries"),
        ([1.0, 1, 1, 2], [1, 0, 1, 0], [0.0, 0, 1, 1], "integers"),
        ([0.5, -0.9, 1, 2], [1, 0, 1, 0], [0, 0, 1, 1], r"span -0.9..2.*squared L2"),
        ([0.5, 9.0, 1, 2], [1, 0, 1, 0], [0, 0, 1, 1], "squared L2"),
    ],
)
def test_unusable_pairs_are_named(distances, genuine, folds, message):
    with pytest.raises(DataError, match=message):
        kfold_accuracy(distances, genuine, folds)


def test_the_official_rule_takes_any_distance():
    found = kfold_accuracy([-9.0, 90.0] * 2, [True, False] * 2, [0, 0, 1, 1], "official")
    assert found.mean == 1.0


def test_an_unknown_rule_is_a_mistake():
    with pytest.raises(ValueError, match="unknown fold rule"):
        kfold_accuracy([1.0, 2.0] * 2, [True, False] * 2, [0, 0, 1, 1], "grid")


@pytest.mark.parametrize(("n", "k"), [(6000, 10), (7003, 10), (11, 3), (5, 5), (2, 2)])
def test_contiguous_folds_are_those_of_sklearn(n, k):
    expected = np.empty(n, int)
    for number, (_, test) in enumerate(KFold(k).split(np.zeros(n))):
        expected[test] = number
    np.testing.assert_array_equal(contiguous_folds(n, k), expected)


@pytest.mark.parametrize(("n", "k"), [(3, 4), (10, 1), (0, 0)])
def test_folds_that_cannot_be_made(n, k):
    with pytest.raises(DataError, match="cannot make"):
        contiguous_folds(n, k)


def test_an_unshuffled_split_of_a_sorted_list_is_caught():
    # CALFW and CPLFW list all genuine pairs first.
    genuine = np.arange(6000) < 3000
    with pytest.raises(DataError, match="10 of 10 folds"):
        kfold_accuracy(np.ones(6000), genuine, contiguous_folds(6000))


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=30))
def test_best_single_threshold_is_the_maximum_over_all_cuts(pairs):
    distances, genuine = (np.array(column) for column in zip(*pairs, strict=True))
    found = best_threshold_accuracy(distances, genuine)
    cuts = [-1, *np.unique(distances) + 0.5]
    right = [int(np.sum((distances < cut) == genuine)) for cut in cuts]
    assert found.right == max(right)
    assert found.total == len(pairs)
    assert found.accuracy == max(right) / len(pairs)
    assert np.sum((distances < found.threshold) == genuine) == found.right
    lowest = cuts[int(np.argmax(right))]
    np.testing.assert_array_equal(distances < found.threshold, distances < lowest)


def test_best_single_threshold_needs_pairs():
    with pytest.raises(DataError, match="no pairs"):
        best_threshold_accuracy([], np.zeros(0, bool))


def walk(distances, genuine, folds):
    """OpenFace's search: up the grid while accuracy does not fall, the last of equals kept."""
    cuts = []
    for fold in np.unique(folds):
        train = folds != fold
        best, kept = 0.0, 0.0
        for threshold in np.arange(0, 4, 0.01):
            accuracy = np.mean((distances[train] < threshold) == genuine[train])
            if accuracy < best:
                break
            best, kept = accuracy, threshold
        cuts.append(kept)
    return np.array(cuts)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("coarse", [0.0, 0.05, 0.5])
def test_the_walk_of_openface(seed, coarse):
    rng = np.random.default_rng(seed)
    genuine = rng.random(400) < 0.5
    distances = np.clip(rng.normal(np.where(genuine, 1.1, 1.6), 0.4), 0, 4)
    if coarse:  # many ties, and distances exactly on the grid
        distances = np.round(distances / coarse) * coarse
    folds = np.arange(400) // 50
    found = kfold_accuracy(distances, genuine, folds, "openface")
    np.testing.assert_array_equal(found.thresholds, walk(distances, genuine, folds))
    right = (distances < found.thresholds[folds]) == genuine
    np.testing.assert_array_equal(found.right, np.bincount(folds[right], minlength=8))
    best = kfold_accuracy(distances, genuine, folds, "insightface")
    assert found.thresholds.shape == best.thresholds.shape


def test_the_walk_stops_before_an_impostor_that_is_nearest_and_never_without_one():
    genuine = np.array([False, True, True, True, False] * 2)
    distances = np.array([0.1, 0.5, 0.6, 0.7, 3.0] * 2)
    folds = np.repeat([0, 1], 5)
    assert kfold_accuracy(distances, genuine, folds, "openface").thresholds == pytest.approx(0.1)
    apart = np.where(genuine, 0.3, 3.9)
    assert kfold_accuracy(apart, genuine, folds, "openface").thresholds == pytest.approx(3.9)


@pytest.mark.parametrize("rule", ["insightface", "openface"])
def test_distances_beyond_four_are_refused_unless_they_are_expected(rule):
    genuine = np.array([True, True, False, False] * 2)
    distances = np.array([0.5, 6.0, 7.0, 3.0] * 2)
    folds = np.repeat([0, 1], 4)
    with pytest.raises(DataError, match=r"are in 0\.\.4"):
        kfold_accuracy(distances, genuine, folds, rule)
    found = kfold_accuracy(distances, genuine, folds, rule, largest=8.0)
    assert found.correct.tolist() == [True, False, True, True] * 2
