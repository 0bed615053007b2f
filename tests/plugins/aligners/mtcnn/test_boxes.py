from __future__ import annotations

import numpy as np
import pytest

from harness_plugins.aligners.mtcnn import boxes as module


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
    kept = module.suppress(boxes, scores, threshold, overlap)
    expected = kit.plain.nms(boxes.astype(float), scores, threshold, overlap == "min")
    assert kept.tolist() == expected
    assert 1 < len(kept) < len(boxes)


def test_equal_scores_keep_the_first():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [50, 50, 60, 60]], np.float32)
    assert module.suppress(boxes, np.ones(3, np.float32), 0.5, "union").tolist() == [0, 2]


def test_groups_do_not_suppress_each_other():
    boxes = np.tile(np.array([[0, 0, 10, 10]], np.float32), (4, 1))
    scores = np.array([0.1, 0.4, 0.3, 0.2], np.float32)
    groups = np.array([7, 2, 7, 2])
    assert module.suppress_groups(boxes, scores, groups, 0.5, "union").tolist() == [1, 2]
    nothing = module.suppress_groups(boxes[:0], scores[:0], groups[:0], 0.5, "min")
    assert nothing.dtype == np.int64
    assert len(nothing) == 0


@pytest.mark.parametrize("extra", [0, 1])
def test_regression_and_squares_one_by_one(kit, extra):
    boxes = random_boxes(9, 12)
    offsets = np.random.default_rng(9).normal(0, 0.1, (12, 4)).astype(np.float32)
    moved = module.regress(boxes, offsets, extra)
    squares = module.square(boxes)
    assert moved.dtype == squares.dtype == np.float32
    for row in range(12):
        expected = kit.plain.moved(boxes[row].astype(float), offsets[row].astype(float), extra)
        assert np.allclose(moved[row], expected, atol=1e-4)
        assert np.allclose(squares[row], kit.plain.squared(boxes[row].astype(float)), atol=1e-4)


def test_squares_are_cut_to_whole_pixels_towards_zero():
    boxes = np.array([[-3.4, 2.2, 4.4, 6.2]], np.float32)
    assert module.square(boxes).tolist() == [[-3, 0, 4, 8]]
    assert module.square(boxes[:0]).shape == (0, 4)


def test_spans_count_from_zero():
    boxes = np.array([[1, 2, 10, 20], [0, -3, 5, 6]], np.float32)
    assert module.spans(boxes).tolist() == [[1, 20, 0, 10], [-4, 6, -1, 5]]


def test_overlap_with_one_box():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    result = module.intersection_over_union(boxes, np.array([0, 0, 10, 10], np.float32))
    assert np.allclose(result, [1, 1 / 3, 0])
