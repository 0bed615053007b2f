"""Exact nearest neighbours of unit vectors, block by block, and thresholds from impostor scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.metrics._checks import same_length
from harness.metrics.outcome import NotMeasurable

_BLOCK_ROWS = 2048  # rows on either side: 16 MiB of float32 scores at a time


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The most similar reference of every query: ``row`` int64 (Q,), ``score`` float32 (Q,).

    A query that could not be compared has row -1 and score -inf. Of equal scores the first
    reference counts.
    """

    row: NDArray[np.int64]
    score: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ImpostorThreshold:
    """The lowest score that at most the share ``fmr`` of ``impostors`` comparisons reaches."""

    value: float
    fmr: float  # realised
    impostors: int


def nearest(queries: NDArray[np.float32], references: NDArray[np.float32]) -> Nearest:
    """The reference with the highest cosine for each query; float (Q, D) and (R, D).

    Rows that hold NaN or are zero are never compared. Memory is that of one pair of blocks, so both
    sides may be memory-mapped files of any length. Raises DataError where sizes disagree.
    """
    if queries.ndim != 2 or references.ndim != 2 or queries.shape[1] != references.shape[1]:
        raise DataError(
            f"cannot compare vectors of shapes {queries.shape} and {references.shape}; embed both "
            "with one model"
        )
    row = np.full(len(queries), -1, np.int64)
    score = np.full(len(queries), -np.inf, np.float32)
    for start in range(0, len(references), _BLOCK_ROWS):
        block, usable = _unit(references[start : start + _BLOCK_ROWS])
        for first in range(0, len(queries), _BLOCK_ROWS):
            part = slice(first, first + _BLOCK_ROWS)
            asked, askable = _unit(queries[part])
            found = asked @ block.T
            found[:, ~usable] = -np.inf
            found[~askable] = -np.inf
            best = found.argmax(axis=1)
            value = found[np.arange(len(found)), best]
            better = value > score[part]  # not >=: of ties the first reference stays
            row[part][better] = best[better] + start
            score[part][better] = value[better]
    return Nearest(row, score)


def impostor_threshold(
    vectors: NDArray[np.float32], subjects: ArrayLike, fmr: float
) -> ImpostorThreshold | NotMeasurable:
    """The score that at most ``fmr`` of all pairs of different subjects reach, ties counted.

    ``vectors`` float (N, D), ``subjects`` labels (N,). Every pair is looked at once; only the
    highest scores are held. NotMeasurable below one over the number of impostor pairs. Raises
    ValueError for a rate outside (0, 1).
    """
    if not 0 < fmr < 1:
        raise ValueError(f"fmr={fmr} is outside (0, 1)")
    labels = same_length("subjects", subjects, len(vectors))
    usable = _unit(vectors)[1] if len(vectors) <= _BLOCK_ROWS else _usable(vectors)
    counts = np.unique(labels[usable], return_counts=True)[1].astype(np.int64)
    total = (int(counts.sum()) ** 2 - int((counts**2).sum())) // 2
    # Without the guard 0.29 of 100 pairs were 28: the product is 28.999999999999996.
    allowed = int(fmr * total + 1e-9)
    if allowed < 1:
        return NotMeasurable(f"{total:,} impostor pairs cannot show an FMR of {fmr:g}")
    top = np.empty(0, np.float32)
    for start in range(0, len(vectors), _BLOCK_ROWS):
        left, left_usable = _unit(vectors[start : start + _BLOCK_ROWS])
        for other in range(start, len(vectors), _BLOCK_ROWS):
            right, right_usable = _unit(vectors[other : other + _BLOCK_ROWS])
            mine = labels[start : start + len(left)][:, None]
            keep = mine != labels[other : other + len(right)][None, :]
            keep &= left_usable[:, None] & right_usable[None, :]
            if other == start:  # else each pair of this block would count twice
                keep = np.triu(keep)
            top = _highest(np.concatenate([top, (left @ right.T)[keep]]), allowed + 1)
    ordered = np.sort(top)[::-1]
    # Strictly above the first impostor that is one too many: ties then stay outside.
    value = float(np.nextafter(ordered[allowed], np.float32(np.inf)))
    return ImpostorThreshold(value, int((ordered[:allowed] >= value).sum()) / total, total)


def _highest(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    return values if len(values) <= count else np.partition(values, -count)[-count:]


def _unit(rows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Unit rows, float32, with zeros where a row cannot be compared, and which can."""
    vectors = np.asarray(rows, np.float32)
    norms = np.linalg.norm(vectors, axis=1)
    usable: NDArray[np.bool_] = np.isfinite(norms) & (norms > 0)
    unit = np.where(usable[:, None], vectors, np.float32(0))
    scale = np.where(usable, norms, 1).astype(np.float32)
    return np.divide(unit, scale[:, None], dtype=np.float32), usable


def _usable(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    parts = range(0, len(vectors), _BLOCK_ROWS)
    return np.concatenate([_unit(vectors[first : first + _BLOCK_ROWS])[1] for first in parts])
