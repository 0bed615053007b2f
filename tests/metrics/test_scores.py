from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import DataError
from harness.metrics import error_rates, sort_labelled_scores, sort_scores

scores32 = st.lists(
    st.floats(-1, 1, width=32) | st.just(-np.inf) | st.sampled_from([0.0, 0.5, 0.25]), min_size=1
)


@given(scores32, scores32, st.floats(-1.5, 1.5))
def test_rates_are_plain_counts_for_thresholds_no_float32_can_hold(genuine, impostor, threshold):
    scores = sort_scores(np.float32(genuine), np.float32(impostor))
    rates = error_rates(scores, threshold)
    assert rates.false_matches == sum(s >= threshold for s in impostor)
    assert rates.false_non_matches == sum(s < threshold for s in genuine)
    assert rates.fmr == rates.false_matches / len(impostor)
    assert rates.fnmr == rates.false_non_matches / len(genuine)


def test_a_threshold_between_two_float32_scores_is_not_rounded_onto_either():
    low = np.float32(0.1)
    high = np.nextafter(low, np.float32(1))
    scores = sort_scores([low, high], np.float32([low, high]))
    between = (float(low) + float(high)) / 2
    assert error_rates(scores, between).false_matches == 1
    assert error_rates(scores, float(low)).false_matches == 2
    assert error_rates(scores, float(high)).false_matches == 1
    assert error_rates(scores, float(np.nextafter(float(high), 1))).false_matches == 0


def test_infinite_thresholds_accept_all_or_none():
    scores = sort_scores([0.5, -np.inf], [0.1])
    assert error_rates(scores, -np.inf).false_non_matches == 0
    assert error_rates(scores, np.inf).false_non_matches == 2
    with pytest.raises(ValueError, match="NaN"):
        error_rates(scores, np.nan)


def test_dtypes_are_kept_or_widened_together():
    kept = sort_scores(np.float32([1]), np.float32([0]))
    assert kept.genuine.dtype == kept.impostor.dtype == np.float32
    widened = sort_scores(np.float32([1]), np.float64([0]))
    assert widened.genuine.dtype == widened.impostor.dtype == np.float64
    assert sort_scores(np.float16([1]), np.float16([0])).genuine.dtype == np.float32
    assert sort_scores([1, 2], [True]).genuine.dtype == np.float64


def test_the_input_is_left_alone():
    genuine = np.array([3.0, 1.0, 2.0])
    sort_scores(genuine, genuine)
    assert genuine.tolist() == [3.0, 1.0, 2.0]


def test_labels_split_the_scores():
    scores = sort_labelled_scores([0.3, 0.1, 0.2, 0.9], [1, 0, 0, 1])
    assert scores.genuine.tolist() == [0.3, 0.9]
    assert scores.impostor.tolist() == [0.1, 0.2]
    assert (scores.n_genuine, scores.n_impostor) == (2, 2)


@pytest.mark.parametrize(
    ("genuine", "impostor", "message"),
    [
        ([], [1.0], "no genuine scores"),
        ([1.0], [], "no impostor scores"),
        ([np.nan, 1.0, np.nan], [1.0], "2 of 3 genuine scores are NaN"),
        ([1.0], [np.nan], "1 of 1 impostor scores are NaN"),
        ([[1.0]], [1.0], "1-D"),
        (["a"], [1.0], "real numbers"),
    ],
)
def test_bad_scores_are_named(genuine, impostor, message):
    with pytest.raises(DataError, match=message):
        sort_scores(genuine, impostor)


@pytest.mark.parametrize(
    ("labels", "message"),
    [([1, 0], "3 entries"), ([0.0, 1.0, 0.0], "booleans"), ([0, 2, 1], "booleans")],
)
def test_bad_labels_are_named(labels, message):
    with pytest.raises(DataError, match=message):
        sort_labelled_scores([0.1, 0.2, 0.3], labels)
