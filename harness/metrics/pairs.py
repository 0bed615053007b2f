"""Scores of listed pairs of templates: blocks of one matrix product, and a look-up in each."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.metrics._checks import (
    Bools,
    Index,
    bool_vector,
    feature_matrix,
    finite_rows,
    index_vector,
)

_BLOCK_SCORES = 1 << 23  # scores of one block: 32 MiB of float32
_PAIRS = 1 << 14  # pairs looked up, or multiplied one by one, at a time
_LONG_RUN = 64  # mean pairs of a left row from which a look-up of its own pays
_DENSE = 0.03  # share of listed pairs in a block below which the product is wasted


def pair_scores(
    templates: ArrayLike, left: ArrayLike, right: ArrayLike, enrolled: ArrayLike | None = None
) -> NDArray[np.float32]:
    """Inner products, float32 (P,), of the template rows ``left`` and ``right``, integer (P,).

    ``templates`` float32 (T, D), usually of unit length, so that scores are cosines. A pair with a
    row that ``enrolled`` bool (T,) marks False scores -inf. Fastest when the list is sorted by
    ``left``; any order works. Raises DataError for rows out of range or not finite.
    """
    rows = feature_matrix("templates", templates)
    n_pairs = np.asarray(left).size
    a = index_vector("left rows", left, n_pairs, len(rows))
    b = index_vector("right rows", right, n_pairs, len(rows))
    scores = np.empty(n_pairs, np.float32)
    if n_pairs:
        _score_blocks(rows, a, b, scores)
    if enrolled is not None:
        usable = bool_vector("enrolled", enrolled, len(rows))
        if not usable.all():
            scores[~(usable[a] & usable[b])] = -np.inf
    return scores


def squared_distances(left: ArrayLike, right: ArrayLike) -> NDArray[np.float64]:
    """Squared L2 distances, float64 (P,), between the unit vectors along rows of (P, D) arrays.

    The distance of the LFW family of protocols, in 0..4. Raises DataError for rows that are zero
    or not finite.
    """
    a, b = _unit_rows("left embeddings", left), _unit_rows("right embeddings", right)
    if a.shape != b.shape:
        raise DataError(f"embeddings of shapes {a.shape} and {b.shape} do not pair")
    return np.asarray(np.square(a - b).sum(axis=1))


def _unit_rows(name: str, values: ArrayLike) -> NDArray[np.float64]:
    matrix = finite_rows(name, values).astype(np.float64)
    norm = np.sqrt(np.einsum("nd,nd->n", matrix, matrix))
    if not norm.all():
        raise DataError(f"{name}: row {int(np.argmin(norm))} is zero and has no direction")
    matrix /= norm[:, None]
    return matrix


def _score_blocks(
    rows: NDArray[np.float32], left: Index, right: Index, scores: NDArray[np.float32]
) -> None:
    left_rows, right_rows = _used(left, len(rows)), _used(right, len(rows))
    columns = rows[right_rows] if right_rows.size < len(rows) else rows
    height = min(left_rows.size, max(1, _BLOCK_SCORES // right_rows.size))
    # Cell of the pair in its block: the two numbers looked up and added.
    number = _numbers(left_rows, len(rows))
    row_cell = number % height * right_rows.size
    column_cell = _numbers(right_rows, len(rows))
    order, edges = _by_block(left, left_rows, number // height, height)
    buffer = np.empty((height, right_rows.size), np.float32)
    for block, first in enumerate(range(0, left_rows.size, height)):
        start, stop = int(edges[block]), int(edges[block + 1])
        chosen = left_rows[first : first + height]
        dense = stop - start >= _DENSE * chosen.size * right_rows.size
        if dense:
            np.matmul(rows[chosen], columns.T, out=buffer[: chosen.size])
        if dense and order is None and stop - start >= _LONG_RUN * chosen.size:
            _look_up_runs(buffer, chosen, left[start:stop], column_cell, right[start:stop],
                          scores[start:stop])  # fmt: skip
            continue
        for begin in range(start, stop, _PAIRS):
            part = slice(begin, min(begin + _PAIRS, stop))
            pairs = part if order is None else order[part]
            a, b = left[pairs], right[pairs]
            if dense:
                scores[pairs] = buffer.ravel().take(row_cell.take(a) + column_cell.take(b))
            else:
                scores[pairs] = np.einsum("pd,pd->p", rows[a], rows[b])


def _look_up_runs(
    buffer: NDArray[np.float32],
    chosen: NDArray[np.intp],
    left: Index,
    column_cell: NDArray[np.intp],
    right: Index,
    out: NDArray[np.float32],
) -> None:
    """Scores of pairs sorted by ``left``, one run of equal rows (a row of ``buffer``) at a time."""
    edges = np.append(np.searchsorted(left, chosen.astype(left.dtype)), left.size).tolist()
    for row, (first, last) in enumerate(pairwise(edges)):
        # All cells are in range; any other mode would fill a buffer first, and then copy it.
        cells = column_cell.take(right[first:last], mode="clip")
        buffer[row].take(cells, out=out[first:last], mode="clip")


def _used(index: Index, size: int) -> NDArray[np.intp]:
    """Rows that occur in ``index``, rising."""
    seen: Bools = np.zeros(size, np.bool_)
    # In parts: NumPy widens a whole index to 8 bytes per entry.
    for first in range(0, index.size, _PAIRS):
        seen[index[first : first + _PAIRS]] = True
    return np.flatnonzero(seen)


def _numbers(used: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Table from row to its number among the used rows."""
    numbers = np.zeros(size, np.intp)
    numbers[used] = np.arange(used.size)
    return numbers


def _by_block(
    left: Index, left_rows: NDArray[np.intp], block: NDArray[np.intp], height: int
) -> tuple[NDArray[np.intp] | None, NDArray[np.intp]]:
    """Order of the pairs by block of left rows (None: they are), and where each block starts."""
    starts = left_rows[::height]
    if np.all(left[1:] >= left[:-1]):
        return None, np.append(np.searchsorted(left, starts.astype(left.dtype)), left.size)
    # 16 bits, where they are enough, are sorted by radix.
    narrow = block.astype(np.uint16 if starts.size < 1 << 16 else np.int32)[left]
    edges = np.concatenate(([0], np.cumsum(np.bincount(narrow, minlength=starts.size))))
    return np.argsort(narrow, kind="stable"), edges
