"""Which identities are kept: those least similar to others come first.

George and Marcel 2024, section 4, sort identities by their similarity with other identities and
keep the first. How one number comes from many similarities is not printed, so three readings are
offered. With unit prototypes mu:

    max     s_i = max_{j != i} mu_i . mu_j
    mean    s_i = mean_{j != i} mu_i . mu_j
    greedy  repeatedly take the identity whose largest similarity to those taken is smallest
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from harness.plugin import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

Score = Literal["max", "mean", "greedy"]
BLOCK = 1024
"""Rows of the similarity matrix in memory at a time: 87,000 columns of float32 are 340 MiB."""


def filter_order(
    prototypes: NDArray[Any], score: Score = "max", block: int = BLOCK
) -> tuple[NDArray[np.int64], Floats]:
    """Identities in the order they are kept, int64 (N,), and the score of each, float32 (N,).

    ``prototypes`` are unit vectors (N, d). Scores are in the order of the identities, not sorted;
    for ``greedy`` the score is the similarity at the time of taking. Equal scores keep the order of
    the identities. The first N of the order are the same whatever number is kept. Raises DataError
    for a prototype that is not of unit length.
    """
    rows = np.asarray(prototypes, np.float32)
    if len(rows) and np.abs(np.linalg.norm(rows, axis=1) - 1).max() > 1e-3:
        raise DataError("a prototype is not of unit length; make the prototypes again")
    if score == "greedy":
        return _greedy(rows, block)
    scores = most_similar(rows, block)[1] if score == "max" else _mean(rows)
    return np.argsort(scores, kind="stable").astype(np.int64), scores


def most_similar(rows: Floats, block: int = BLOCK) -> tuple[NDArray[np.int64], Floats]:
    """The other identity most similar to each, int64 (N,), and how similar, float32 (N,).

    A single identity has no other: index -1 and score -1.
    """
    nearest = np.full(len(rows), -1, np.int64)
    scores = np.full(len(rows), -1, np.float32)
    if len(rows) < 2:
        return nearest, scores
    for first in range(0, len(rows), block):
        last = min(first + block, len(rows))
        products = rows[first:last] @ rows.T
        own = np.arange(last - first)
        products[own, own + first] = -np.inf
        nearest[first:last] = products.argmax(axis=1)
        scores[first:last] = products[own, nearest[first:last]]
    return nearest, scores


def _mean(rows: Floats) -> Floats:
    """Mean over the others without a matrix: mu_i . (sum_j mu_j - mu_i) / (N - 1)."""
    exact = rows.astype(np.float64)
    products = exact @ exact.sum(axis=0) - np.square(exact).sum(axis=1)
    return np.asarray(products / max(len(rows) - 1, 1), np.float32)


def _greedy(rows: Floats, block: int) -> tuple[NDArray[np.int64], Floats]:
    order = np.empty(len(rows), np.int64)
    scores = np.empty(len(rows), np.float32)
    if not len(rows):
        return order, scores
    taken = int(np.argmin(most_similar(rows, block)[1]))  # the most solitary one begins
    closest = np.full(len(rows), -np.inf, np.float32)
    scores[taken] = -1
    for place in range(len(rows)):
        order[place] = taken
        np.maximum(closest, rows @ rows[taken], out=closest)
        closest[taken] = np.inf
        following = int(np.argmin(closest))
        if place + 1 < len(rows):
            scores[following] = closest[following]
        taken = following
    return order, scores
