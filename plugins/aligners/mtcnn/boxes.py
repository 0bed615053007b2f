"""Boxes as MTCNN counts them: left, top, right, bottom in float32, with pixels counted from 1."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Overlap = Literal["union", "min"]


def suppress(boxes: Floats, scores: Floats, threshold: float, overlap: Overlap) -> NDArray[Any]:
    """Greedy non-maximum suppression: numbers of the boxes kept, best first, int64 (k,).

    A box goes when its intersection with a better box exceeds ``threshold`` of their union, or of
    the smaller one (``min``, where a side counts one pixel more, as in the original).
    """
    order = np.argsort(-scores, kind="stable")
    extra = np.float32(1 if overlap == "min" else 0)
    low, high = boxes[order, :2], boxes[order, 2:]
    areas = np.prod(high - low + extra, axis=1)
    kept = []
    while len(order):
        kept.append(order[0])
        sides = np.minimum(high[0], high) - np.maximum(low[0], low) + extra
        shared = np.prod(np.maximum(sides, 0), axis=1)
        whole = areas[0] + areas - shared if overlap == "union" else np.minimum(areas[0], areas)
        stay = shared <= np.float32(threshold) * whole
        stay[0] = False
        order, low, high, areas = order[stay], low[stay], high[stay], areas[stay]
    return np.array(kept, dtype=np.int64)


def suppress_groups(
    boxes: Floats, scores: Floats, groups: NDArray[np.int64], threshold: float, overlap: Overlap
) -> NDArray[np.int64]:
    """``suppress`` within each group of boxes; groups in ascending order."""
    kept = [np.empty(0, dtype=np.int64)]
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        kept.append(members[suppress(boxes[members], scores[members], threshold, overlap)])
    return np.concatenate(kept)


def regress(boxes: Floats, offsets: Floats, extra: float) -> Floats:
    """Move each side by its offset times the size of the box (plus ``extra`` pixels)."""
    sizes = boxes[:, 2:] - boxes[:, :2] + np.float32(extra)
    return boxes + offsets * np.tile(sizes, 2)


def square(boxes: Floats) -> Floats:
    """Squares around the same centres, as large as the longer side, cut to whole pixels.

    Whole pixels as in the original: landmarks are fractions of the very box that was cropped.
    """
    sizes = boxes[:, 2:] - boxes[:, :2]
    side = sizes.max(axis=1, keepdims=True, initial=0)
    low = boxes[:, :2] + (sizes - side) * np.float32(0.5)
    squares: Floats = np.trunc(np.concatenate([low, low + side], axis=1))
    return squares


def spans(boxes: Floats) -> NDArray[np.int64]:
    """First row, end row, first column, end column of whole boxes, from 0, int64 (n, 4)."""
    left, top, right, bottom = boxes.astype(np.int64).T
    return np.stack([top - 1, bottom, left - 1, right], axis=1)


def intersection_over_union(boxes: Floats, one: Floats) -> Floats:
    """Overlap of boxes (n, 4) with one box (4,), float32 (n,)."""
    sides = np.minimum(boxes[:, 2:], one[2:]) - np.maximum(boxes[:, :2], one[:2])
    shared: Floats = np.prod(np.maximum(sides, 0), axis=1)
    total = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(one[2:] - one[:2])
    return np.asarray(shared / np.maximum(total - shared, np.finfo(np.float32).tiny))
