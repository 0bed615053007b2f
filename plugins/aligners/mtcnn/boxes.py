"""Overlap of boxes, float32 (n, 4): left, top, right, bottom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    if rule.better == "first":
        order = np.argsort(-scores, kind="stable")
    else:
        order = np.argsort(scores, kind="stable")[::-1]
    plus = np.float32(rule.extra)
    low, high = boxes[order, :2], boxes[order, 2:]
    areas = np.prod(high - low + plus, axis=1)
    kept = []
    while len(order):
        kept.append(order[0])
        sides = np.minimum(high[0], high) - np.maximum(low[0], low) + plus
        shared = np.prod(np.maximum(sides, 0), axis=1)
        union = rule.overlap == "union"
        whole = areas[0] + areas - shared if union else np.minimum(areas[0], areas)
        stay = shared <= np.float32(rule.threshold) * whole
        stay[0] = False
        order, low, high, areas = order[stay], low[stay], high[stay], areas[stay]
    return np.array(kept, dtype=np.int64)


def suppress_groups(
    boxes: Floats, scores: Floats, groups: NDArray[np.int64], rule: Suppression
) -> NDArray[np.int64]:
    """``suppress`` within each group of boxes; groups in ascending order."""
    kept = [np.empty(0, dtype=np.int64)]
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        kept.append(members[suppress(boxes[members], scores[members], rule)])
    return np.concatenate(kept)


def intersection_over_union(boxes: Floats, one: Floats) -> Floats:
    """Overlap of boxes (n, 4) with one box (4,), float32 (n,)."""
    sides = np.minimum(boxes[:, 2:], one[2:]) - np.maximum(boxes[:, :2], one[:2])
    shared: Floats = np.prod(np.maximum(sides, 0), axis=1)
    total = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(one[2:] - one[:2])
    return np.asarray(shared / np.maximum(total - shared, np.finfo(np.float32).tiny))
