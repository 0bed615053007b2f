"""Overlap of boxes, float32 (n, 4): left, top, right, bottom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Suppression:
    """How boxes suppress each other.

    A box is removed when its intersection with a better box exceeds ``threshold`` of their union,
    or of the smaller one (``min``). Sides count ``extra`` pixels more than the difference of their
    coordinates. Of boxes with equal scores the first counts as the better one, or the last.
    """

    threshold: float
    overlap: Literal["union", "min"] = "union"
    extra: int = 0
    better: Literal["first", "last"] = "first"


def suppress(boxes: Floats, scores: Floats, rule: Suppression) -> NDArray[np.int64]:
    """Greedy non-maximum suppression: numbers of the boxes kept, best first, int64 (k,)."""
    return suppress_groups(boxes, scores, np.zeros(len(boxes), dtype=np.int64), rule)


def suppress_groups(
    boxes: Floats, scores: Floats, groups: NDArray[np.int64], rule: Suppression
) -> NDArray[np.int64]:
    """``suppress`` within each group of boxes; groups in ascending order."""
    if rule.better == "first":
        order = np.lexsort((-scores, groups))  # a stable sort
    else:
        order = len(scores) - 1 - np.lexsort((-scores[::-1], groups[::-1]))
    threshold, extra = np.float32(rule.threshold), np.float32(rule.extra)
    kept = _greedy(boxes[order], groups[order], threshold, rule.overlap == "min", extra)
    return np.asarray(order[kept], dtype=np.int64)


@numba.njit(cache=True, nogil=True)
def _greedy(
    boxes: Floats,
    groups: NDArray[np.int64],
    threshold: np.float32,
    smaller: bool,
    extra: np.float32,
) -> NDArray[np.bool_]:
    """Bool (n,), whether a box is kept; boxes are sorted by group, and within it best first."""
    count = len(boxes)
    kept = np.ones(count, dtype=np.bool_)
    for i in range(count):
        if not kept[i]:
            continue
        wide, high = boxes[i, 2] - boxes[i, 0] + extra, boxes[i, 3] - boxes[i, 1] + extra
        area = wide * high
        for j in range(i + 1, count):
            if groups[j] != groups[i]:
                break
            if not kept[j]:
                continue
            wide = min(boxes[i, 2], boxes[j, 2]) - max(boxes[i, 0], boxes[j, 0]) + extra
            high = min(boxes[i, 3], boxes[j, 3]) - max(boxes[i, 1], boxes[j, 1]) + extra
            shared = max(wide, np.float32(0)) * max(high, np.float32(0))
            other = (boxes[j, 2] - boxes[j, 0] + extra) * (boxes[j, 3] - boxes[j, 1] + extra)
            whole = min(area, other) if smaller else area + other - shared
            kept[j] = shared <= threshold * whole
    return kept


def intersection_over_union(boxes: Floats, one: Floats) -> Floats:
    """Overlap of boxes (n, 4) with one box (4,), float32 (n,)."""
    sides = np.minimum(boxes[:, 2:], one[2:]) - np.maximum(boxes[:, :2], one[:2])
    shared: Floats = np.prod(np.maximum(sides, 0), axis=1)
    total = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(one[2:] - one[:2])
    return np.asarray(shared / np.maximum(total - shared, np.finfo(np.float32).tiny))
