"""Numbers of template pairs over splits, against counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from harness.metrics.operating_points import tar_at_far
from harness.metrics.outcome import NotMeasurable
from harness.metrics.scores import sort_scores
from harness.protocols.base import Interval
from harness.protocols.template_metrics import FEW, mean_tar, roc_figure, summary, tar_metrics


@pytest.fixture
def splits():
    """Two splits of 10 genuine and 100 impostor pairs: 9 and 5 genuine pairs above all others."""
    impostor = np.linspace(0, 0.5, 100)
    return [
        sort_scores(np.r_[np.full(9, 0.9), 0.1], impostor),
        sort_scores(np.r_[np.full(5, 0.9), np.full(5, 0.1)], impostor),
    ]


def at(splits, far):
    return [tar_at_far(split, [far], "at-most")[0] for split in splits]


def test_the_mean_of_splits_their_spread_and_each_of_them(splits):
    mean, spread, one, two = tar_metrics(0.01, at(splits, 0.01), None, headline=True)
    assert (mean.name, mean.value, mean.headline) == ("tar@far", pytest.approx(0.7), True)
    assert (spread.name, spread.value) == ("tar@far-std", pytest.approx(0.2))
    assert spread.at == {"far": 0.01, "ddof": 0.0}
    assert [one.value, two.value] == [0.9, 0.5]
    assert [m.at["split"] for m in (one, two)] == [1.0, 2.0]
    assert not one.headline


def test_one_split_has_no_spread(splits):
    (only,) = tar_metrics(0.01, at(splits[:1], 0.01), None, headline=False)
    assert only.value == 0.9


def test_a_threshold_of_several_splits_is_not_stated(splits):
    assert mean_tar(at(splits, 0.01), {}).threshold is None
    assert mean_tar(at(splits[:1], 0.01), {}).threshold is not None


def test_without_an_interval_the_exact_one_over_all_pairs_is_taken(splits):
    found = mean_tar(at(splits, 0.01), {})
    # Clopper-Pearson of 14 in 20, from a table.
    assert (found.interval.low, found.interval.high) == pytest.approx((0.4572, 0.8811), abs=1e-4)
    given = Interval(0.1, 0.9, 0.95, "bootstrap")
    assert mean_tar(at(splits, 0.01), {}, given).interval is given


def test_one_split_that_cannot_show_the_far_leaves_no_mean(splits):
    points = [at(splits[:1], 0.01)[0], NotMeasurable("too few")]
    found = tar_metrics(0.01, points, None, headline=True)
    assert (found[0].value, found[0].note) == (None, "too few")
    assert [m.name for m in found] == ["tar@far"] * 3  # no spread, and each split on its own
    assert [m.value for m in found[1:]] == [0.9, None]


@pytest.mark.parametrize(("far", "said"), [(0.09, True), (0.1, False)])
def test_few_false_accepts_are_said(splits, far, said):
    found = mean_tar(at(splits, far), {})
    assert bool(found.note) is said
    assert found.realised_far * 100 < FEW or not said


def test_area_and_equal_error_rate_are_means(splits):
    area, error = summary(splits)
    # The share of pairs of a genuine and an impostor score in the right order, by hand.
    by_hand = [
        np.mean((s.genuine[:, None] > s.impostor) + 0.5 * (s.genuine[:, None] == s.impostor))
        for s in splits
    ]
    assert area.value == pytest.approx(np.mean(by_hand))
    assert (area.name, error.name, error.higher_is_better) == ("auc", "eer", False)


def test_the_curve_rises_and_begins_at_one_impostor(splits):
    curve = roc_figure(splits)
    assert curve.axes["far"][0] == 0.01
    assert curve.axes["far"][-1] == 1.0
    assert (np.diff(curve.axes["tar"]) >= 0).all()
    assert curve.axes["tar"][-1] == 1.0
