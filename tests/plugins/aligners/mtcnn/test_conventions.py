from __future__ import annotations

import numpy as np
import pytest

from harness_plugins.aligners.mtcnn.conventions import Convention

WHOLE = Convention("whole", "pad")
FRACTIONAL = Convention("fractional", "stretch")
ROUNDED = Convention("rounded", "cut")


def random_boxes(seed, count=12):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 60, (count, 2))
    return np.hstack([low, low + rng.uniform(5, 40, (count, 2))]).astype(np.float32)


@pytest.mark.parametrize(
    ("size", "factor"), [((100, 80), 0.5), ((250, 250), 0.6), ((24, 24), 0.5), ((40, 24), 0.7)]
)
def test_scales_end_where_the_cell_no_longer_fits(size, factor):
    found = WHOLE.scales(*size, 24, factor)
    assert found[0] == 0.5
    assert np.allclose(np.diff(np.log(found)), np.log(factor))
    assert min(size) * found[-1] >= 12 > min(size) * found[-1] * factor


def test_an_image_as_large_as_the_smallest_face():
    assert WHOLE.scales(23, 400, 24, 0.7) == []
    assert WHOLE.scales(24, 400, 24, 0.7) == [0.5]
    assert ROUNDED.scales(24, 400, 24, 0.7) == []
    assert ROUNDED.scales(25, 400, 24, 0.7) == [0.5]


def test_cells_of_the_pyramid():
    cells = np.array([[0, 0], [3, 1]])
    assert WHOLE.cells(cells, 0.61).tolist() == [[1, 1, 19, 19], [11, 4, 29, 22]]
    assert FRACTIONAL.cells(cells, 0.61).tolist() == WHOLE.cells(cells, 0.61).tolist()
    assert ROUNDED.cells(cells, 0.61).tolist() == [[2, 2, 21, 21], [11, 5, 31, 25]]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("rule", [WHOLE, FRACTIONAL, ROUNDED], ids=lambda rule: rule.boxes)
def test_regression_and_squares_one_by_one(kit, rule, first):
    boxes = random_boxes(9)
    offsets = np.random.default_rng(9).normal(0, 0.1, (12, 4)).astype(np.float32)
    moved = rule.regress(boxes, offsets, first=first)
    squares = rule.square(boxes)
    assert moved.dtype == squares.dtype == np.float32
    extra = 0 if first and rule is not ROUNDED else 1
    for row in range(12):
        expected = kit.plain.moved(boxes[row].astype(float), offsets[row].astype(float), extra)
        assert np.allclose(moved[row], expected, atol=1e-4)
        square = kit.plain.squared(boxes[row].astype(float), rule.boxes)
        assert np.allclose(squares[row], square, atol=1e-4)


def test_squares_are_cut_towards_zero_kept_or_rounded():
    boxes = np.array([[-3.4, 2.2, 4.4, 6.2]], np.float32)
    assert WHOLE.square(boxes).tolist() == [[-3, 0, 4, 8]]
    assert np.allclose(FRACTIONAL.square(boxes), [[-3.4, 0.3, 4.4, 8.1]])
    assert ROUNDED.square(boxes).tolist() == [[-3, 0, 4, 8]]
    assert ROUNDED.square(boxes + np.float32(0.3)).tolist() == [[-3, 1, 5, 8]]
    for rule in (WHOLE, FRACTIONAL, ROUNDED):
        assert rule.square(boxes[:0]).shape == (0, 4)


def test_spans_count_from_zero_and_are_cut_where_crops_are_stretched():
    boxes = np.array([[1, 2, 10, 20], [-2.5, -3, 50.9, 6.7]], np.float32)
    assert WHOLE.spans(boxes, 40, 30).tolist() == [[1, 20, 0, 10], [-4, 6, -3, 50]]
    assert FRACTIONAL.spans(boxes, 40, 30).tolist() == [[1, 20, 0, 10], [0, 6, 0, 30]]
    assert ROUNDED.spans(boxes, 40, 30).tolist() == [[2, 21, 1, 11], [-3, 7, -2, 51]]


def test_boxes_are_cut_only_by_the_convention_that_does():
    boxes = np.array([[1, 2, 10, 20], [-2, -3, 50, 60]], np.float32)
    assert ROUNDED.cut(boxes, 40, 30).tolist() == [[1, 2, 10, 20], [0, 0, 29, 39]]
    assert Convention("whole", "cut").cut(boxes, 40, 30).tolist()[1] == [1, 1, 30, 40]
    for rule in (WHOLE, FRACTIONAL):
        assert rule.cut(boxes, 40, 30) is boxes


def test_landmarks_count_from_zero():
    boxes = np.array([[1, 1, 10, 20]], np.float32)
    points = np.tile(np.float32(0.5), (1, 5, 2))
    assert WHOLE.landmarks(boxes, points)[0, 0].tolist() == [5, 10]
    assert ROUNDED.landmarks(boxes, points)[0, 0].tolist() == [6, 11]


def test_which_of_equal_scores_is_better():
    better = {
        rule.boxes: (rule.suppression(0.7).better, rule.suppression(0.7, "min").better)
        for rule in (WHOLE, FRACTIONAL, ROUNDED)
    }
    assert better == {
        "whole": ("first", "first"),
        "fractional": ("first", "last"),
        "rounded": ("last", "last"),
    }
    extra = [rule.suppression(0.7).extra for rule in (WHOLE, FRACTIONAL, ROUNDED)]
    assert extra == [0, 0, 1]
    assert {rule.suppression(0.7, "min").extra for rule in (WHOLE, FRACTIONAL, ROUNDED)} == {1}
