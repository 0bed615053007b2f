from __future__ import annotations

import numpy as np
import pytest

from harness_plugins.aligners.mtcnn import boxes as module
from harness_plugins.aligners.mtcnn.boxes import Suppression


def random_boxes(seed, count=80):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 60, (count, 2))
    return np.hstack([low, low + rng.uniform(5, 40, (count, 2))]).astype(np.float32)


@pytest.mark.parametrize("overlap", ["union", "min"])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("seed", range(5))
def test_suppression_against_a_double_loop(kit, seed, threshold, overlap):
    boxes = random_boxes(seed)
    scores = np.random.default_rng(seed).permutation(len(boxes)).astype(np.float32) / 100
    kept = module.suppress(boxes, scores, Suppression(threshold, overlap, int(overlap == "min")))
    expected = kit.plain.nms(boxes.astype(float), scores, threshold, overlap == "min")
    assert kept.tolist() == expected
    assert 1 < len(kept) < len(boxes)


@pytest.mark.parametrize(("better", "kept"), [("first", [0, 2]), ("last", [2, 1])])
def test_of_equal_scores_the_first_or_the_last_is_kept(better, kept):
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [50, 50, 60, 60]], np.float32)
    rule = Suppression(0.5, better=better)
    assert module.suppress(boxes, np.ones(3, np.float32), rule).tolist() == kept


def test_sides_count_an_extra_pixel_where_the_rule_says_so():
    boxes = np.array([[0, 0, 9, 9], [5, 0, 14, 9]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    # 4 x 9 of 126, or 5 x 10 of 150.
    assert len(module.suppress(boxes, scores, Suppression(0.3))) == 2
    assert len(module.suppress(boxes, scores, Suppression(0.3, extra=1))) == 1


def test_groups_do_not_suppress_each_other():
    boxes = np.tile(np.array([[0, 0, 10, 10]], np.float32), (4, 1))
    scores = np.array([0.1, 0.4, 0.3, 0.2], np.float32)
    groups = np.array([7, 2, 7, 2])
    assert module.suppress_groups(boxes, scores, groups, Suppression(0.5)).tolist() == [1, 2]
    nothing = module.suppress_groups(boxes[:0], scores[:0], groups[:0], Suppression(0.5, "min"))
    assert nothing.dtype == np.int64
    assert len(nothing) == 0


def test_overlap_with_one_box():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    result = module.intersection_over_union(boxes, np.array([0, 0, 10, 10], np.float32))
    assert np.allclose(result, [1, 1 / 3, 0])
