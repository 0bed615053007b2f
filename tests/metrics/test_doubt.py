from __future__ import annotations

import numpy as np
import pytest

from harness.metrics.doubt import all_equal, is_inverted
from harness.metrics.roc import auc
from harness.metrics.scores import sort_labelled_scores


def test_equal_scores_are_found_among_finite_ones():
    assert all_equal(np.full(20, 0.5))
    assert all_equal(np.r_[np.full(20, 0.5), np.inf, np.nan])
    assert not all_equal(np.r_[np.full(20, 0.5), 0.5 + 1e-12])
    assert not all_equal(np.full(9, 0.5)), "too few to say so"
    assert not all_equal(np.full(20, np.inf))


@pytest.mark.parametrize("count", [10, 50, 1000])
def test_chance_is_hardly_ever_called_inverted(count):
    rng = np.random.default_rng(count)
    genuine = np.arange(2 * count) % 2 == 0
    for _ in range(300):
        area = auc(sort_labelled_scores(rng.normal(size=2 * count), genuine))
        assert not is_inverted(area, count, count)


def test_scores_the_wrong_way_round_are_found():
    rng = np.random.default_rng(0)
    genuine = np.arange(400) % 2 == 0
    area = auc(sort_labelled_scores(rng.normal(size=400) - genuine, genuine))
    assert is_inverted(area, 200, 200)
    assert not is_inverted(1 - area, 200, 200)
    assert not is_inverted(0.2, 3, 3), "six scores show nothing"
