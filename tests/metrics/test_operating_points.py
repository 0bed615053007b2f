from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from harness.errors import DataError
from harness.metrics import (
    NotMeasurable,
    auc,
    equal_error_rate,
    error_rates,
    fnmr_at_fmr,
    highest_scores,
    operating_points,
    roc_curve,
    sort_labelled_scores,
    sort_scores,
    tar_at_far,
)

tied = st.lists(st.integers(-6, 6).map(lambda k: k / 4), min_size=1, max_size=60)
targets = st.sampled_from([1.0, 0.9, 0.5, 1 / 3, 0.29, 0.25, 0.2, 0.1, 0.07, 0.05, 0.02])
RULES = ["nearest-vertex", "at-most", "interp"]


def published_rule(genuine, impostor, target):
    """TAR as insightface prints it: vertices of the ROC, flipped, first nearest FAR."""
    labels = np.repeat([1, 0], [len(genuine), len(impostor)])
    fpr, tpr, thresholds = sklearn_metrics.roc_curve(labels, np.concatenate((genuine, impostor)))
    fpr, tpr, thresholds = np.flipud(fpr), np.flipud(tpr), np.flipud(thresholds)
    _, k = min(zip(abs(fpr - target), range(len(fpr)), strict=True))
    return tpr[k], fpr[k], thresholds[k]


def plain_at_most(genuine, impostor, target):
    """Lowest observed score whose FAR is at most the target, by trying them all."""
    best = (0.0, 0.0, np.inf)
    for t in sorted({*genuine, *impostor}, reverse=True):
        far = sum(i >= t for i in impostor) / len(impostor)
        if far <= target:
            best = (sum(g >= t for g in genuine) / len(genuine), far, t)
    return best


def plain_interp(genuine, impostor, target):
    """Straight line through all operating points; at equal FAR the highest TAR."""
    labels = np.repeat([1, 0], [len(genuine), len(impostor)])
    fpr, tpr, _ = sklearn_metrics.roc_curve(
        labels, np.concatenate((genuine, impostor)), drop_intermediate=False
    )
    low = np.flatnonzero(fpr <= target)[-1]
    if low == fpr.size - 1 or fpr[low] == target:
        return tpr[low]
    share = (target - fpr[low]) / (fpr[low + 1] - fpr[low])
    return tpr[low] + share * (tpr[low + 1] - tpr[low])


@given(tied, tied, targets)
def test_nearest_vertex_is_the_published_rule(genuine, impostor, target):
    (point,) = tar_at_far(sort_scores(genuine, impostor), [target])
    if target < 1 / len(impostor):
        assert isinstance(point, NotMeasurable)
    else:
        expected = published_rule(genuine, impostor, target)
        assert (point.tar, point.far, point.threshold) == expected
        assert point.rule == "nearest-vertex"


@given(tied, tied, targets)
def test_at_most_is_the_lowest_score_that_keeps_the_target(genuine, impostor, target):
    (point,) = tar_at_far(sort_scores(genuine, impostor), [target], "at-most")
    if not isinstance(point, NotMeasurable):
        expected = plain_at_most(genuine, impostor, target)
        assert (point.tar, point.far, point.threshold) == expected


@given(tied, tied, targets)
def test_interp_lies_on_the_line_between_neighbours(genuine, impostor, target):
    scores = sort_scores(genuine, impostor)
    (point,) = tar_at_far(scores, [target], "interp")
    (at_most,) = tar_at_far(scores, [target], "at-most")
    if not isinstance(point, NotMeasurable):
        assert point.tar == pytest.approx(plain_interp(genuine, impostor, target), abs=1e-12)
        assert (point.far, point.threshold) == (at_most.far, at_most.threshold)


def test_nearest_vertex_from_windows_that_start_too_small(monkeypatch):
    # Only one draw in hundreds has its nearest vertex, or an equally near one, past the first
    # window's edge: many small draws are needed to meet them.
    rng = np.random.default_rng(0)
    for draw in range(3000):
        monkeypatch.setattr(operating_points, "_FIRST_WINDOW", 1 + draw % 3)
        levels = int(rng.choice([4, 12, 60, 10_000]))
        genuine = rng.integers(levels, size=rng.integers(1, 30)).astype(float)
        impostor = rng.integers(levels, size=rng.integers(2, 60)).astype(float)
        target = float(rng.choice([0.9, 0.5, 1 / 3, 0.29, 0.25, 0.2, 0.1]))
        (point,) = tar_at_far(sort_scores(genuine, impostor), [target])
        if not isinstance(point, NotMeasurable):
            expected = published_rule(genuine, impostor, target)
            assert (point.tar, point.far, point.threshold) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0.5, 2.0, 6.0])
def test_nearest_vertex_beyond_the_first_window(dtype, shift):
    # Well separated scores leave runs of tens of thousands of impostors without any vertex.
    rng = np.random.default_rng(int(shift * 10))
    genuine = rng.normal(shift, 1, 300).astype(dtype)
    impostor = rng.normal(0, 1, 60_000).astype(dtype)
    fars = [1e-1, 1e-2, 1e-3, 1e-4, 1 / 60_000]
    points = tar_at_far(sort_scores(genuine, impostor), fars)
    for far, point in zip(fars, points, strict=True):
        assert (point.tar, point.far, point.threshold) == published_rule(genuine, impostor, far)


def test_counts_stand_behind_the_rates():
    rng = np.random.default_rng(3)
    genuine, impostor = rng.normal(2, 1, 500), rng.normal(0, 1, 4000)
    for rule in RULES:
        for point in tar_at_far(sort_scores(genuine, impostor), [0.1, 0.01, 0.001], rule):
            assert point.false_accepts == np.count_nonzero(impostor >= point.threshold)
            assert point.true_accepts == np.count_nonzero(genuine >= point.threshold)
            assert point.far == point.false_accepts / 4000
            assert point.fnmr == 1 - point.tar
            assert (point.n_genuine, point.n_impostor) == (500, 4000)


def test_nearest_vertex_may_exceed_the_target_and_says_so():
    scores = sort_scores([0.9, 0.5], [0.8, 0.7, 0.6, 0.4])
    (nearest,) = tar_at_far(scores, [0.7])
    (at_most,) = tar_at_far(scores, [0.7], "at-most")
    assert (nearest.tar, nearest.far) == (1.0, 0.75)
    assert (at_most.tar, at_most.far) == (0.5, 0.5)


def test_far_below_one_impostor_is_refused_with_a_reason():
    scores = sort_scores([1.0], np.linspace(0, 0.5, 6000))
    for rule in RULES:
        refused, shown = tar_at_far(scores, [1e-4, 1 / 6000], rule)
        assert refused == NotMeasurable(
            "FAR 0.0001 needs at least 10,000 impostor comparisons; there are 6,000"
        )
        assert shown.tar == 1.0


def test_a_far_that_is_a_whole_count_is_met_exactly():
    # 1 - 1881/1900 exceeds 0.01 in floats; 19/1900 does not.
    scores = sort_scores([1881.5], np.arange(1900))
    (point,) = tar_at_far(scores, [0.01], "at-most")
    assert point.false_accepts == 19
    assert point.tar == 1.0


def test_ties_at_the_top_leave_no_threshold():
    (point,) = tar_at_far(sort_scores([1.0], [1.0, 1.0, 0.0]), [1 / 3], "at-most")
    assert (point.tar, point.far, point.threshold) == (0.0, 0.0, np.inf)
    (line,) = tar_at_far(sort_scores([1.0], [1.0, 1.0, 0.0]), [1 / 3], "interp")
    assert line.tar == pytest.approx(0.5)


def test_one_score_of_each_kind():
    for rule in RULES:
        (point,) = tar_at_far(sort_scores([1.0], [0.0]), [1.0], rule)
        assert point.tar == 1.0


def test_rejected_genuine_comparisons_are_never_accepted():
    (point,) = tar_at_far(sort_scores([1.0, -np.inf], [0.0, -np.inf]), [0.5], "at-most")
    assert (point.tar, point.threshold) == (0.5, 0.0)


def test_fnmr_at_fmr_is_at_most():
    rng = np.random.default_rng(0)
    scores = sort_scores(rng.normal(1, 1, 99), rng.normal(0, 1, 999))
    assert fnmr_at_fmr(scores, [0.01, 1e-6]) == tar_at_far(scores, [0.01, 1e-6], "at-most")


@pytest.mark.parametrize("target", [0.0, -0.1, 1.5, np.nan])
def test_a_target_that_is_no_rate_is_a_mistake(target):
    with pytest.raises(ValueError, match="target FAR"):
        tar_at_far(sort_scores([1.0], [0.0]), [target])


def test_an_unknown_rule_is_a_mistake():
    with pytest.raises(ValueError, match="unknown FAR rule 'nearest'"):
        tar_at_far(sort_scores([1.0], [0.0]), [0.1], "nearest")


@given(tied, tied, st.sampled_from(RULES), targets, st.sampled_from([1.0, 1.6]))
def test_the_highest_scores_decide_as_all_do(genuine, impostor, rule, target, spare):
    scores = np.array([*genuine, *impostor], np.float32)
    labels = np.arange(scores.size) < len(genuine)
    highest = highest_scores(scores, labels, min(1.0, spare * target))
    assert highest.n_impostor == len(impostor)
    found = tar_at_far(highest, [target], rule)
    assert found == tar_at_far(sort_labelled_scores(scores, labels), [target], rule)


@pytest.mark.parametrize("rule", RULES)
def test_a_thousandth_of_many_scores_is_kept_with_its_ties(rule):
    rng = np.random.default_rng(3)
    labels = np.arange(60_000) < 500
    scores = np.round(rng.normal(np.where(labels, 2.0, 0.0)), 2).astype(np.float32)
    before = scores.copy()
    highest = highest_scores(scores, labels, 1e-3)
    np.testing.assert_array_equal(scores, before)
    assert 119 < highest.impostor.size < 200
    assert highest.n_impostor == 59_500
    everything = sort_labelled_scores(scores, labels)
    dropped = everything.impostor[: highest.n_lower]
    assert dropped[-1] < highest.impostor[0]
    for far in (1e-3, 7e-4, 1e-4):
        assert tar_at_far(highest, [far], rule) == tar_at_far(everything, [far], rule)


def test_measures_that_need_all_scores_refuse_the_highest():
    labels = np.arange(1000) < 10
    highest = highest_scores(np.linspace(0, 1, 1000), labels, 1e-2)
    for measure in (auc, equal_error_rate, roc_curve, lambda s: error_rates(s, 0.5)):
        with pytest.raises(ValueError, match="of 990 impostor scores were left out"):
            measure(highest)
    with pytest.raises(ValueError, match="do not decide FAR"):
        tar_at_far(highest, [0.1])


def test_highest_scores_that_are_nan_are_named():
    scores = np.linspace(0, 1, 1000)
    scores[700] = np.nan
    with pytest.raises(DataError, match="1 of 990 impostor scores are NaN"):
        highest_scores(scores, np.arange(1000) < 10, 1e-2)
