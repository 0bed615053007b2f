"""Cosines of all pairs of a set, counted in bins: the basis of every measure of separability.

Impostor cosines of 100,000 images are five thousand million numbers, so they are never held. Blocks
of the Gram matrix are counted in 65,536 bins of width 2**-15, which places a threshold within
3.1e-5. For intervals, identities are dealt into groups and coarser counts are kept for every pair
of groups, so that a two-way bootstrap over groups is a weighted sum of counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.measures.embedded import GROUPS, Labels, SortedEmbeddings, deal
from harness.metrics.uncertainty.bootstrap import draw_subject_weights
from harness.seeds import children

BINS = 1 << 16
COARSE = 1 << 12
"""Bins kept for each pair of groups: 4,096 of width 2**-11."""
_ROWS = 2048  # rows and columns of one block: 16 MiB of float32
_TOP = BINS + 64  # the bin of pairs set aside; a rounding of one reaches a few bins beyond BINS
_SIZE = _TOP + 1
_CHUNK = 1 << 14  # genuine pairs gathered at a time: 64 MiB at 512 dimensions
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Counts of cosines by bin; bin k holds cosines from -1 + k * width upward.

    ``genuine`` and ``impostor`` int64 (65,536,). ``genuine_of`` int64 (G, 4096) for every group;
    ``impostor_of`` int64 (G, G, 4096), the upper triangle with its diagonal, pairs counted once.
    ``capped`` is the number of identities of which only a sample of the genuine pairs counts.
    """

    genuine: Counts
    impostor: Counts
    genuine_of: Counts
    impostor_of: Counts
    identities: int
    capped: int


def count_pairs(
    faces: SortedEmbeddings, rng: np.random.Generator, *, cap: int = 50, groups: int = GROUPS
) -> PairCounts:
    """Count all impostor pairs, and of every identity at most ``cap`` genuine pairs by chance."""
    draws = children(rng)
    group_of = deal(faces.identities, groups, draws("groups"))
    number = int(group_of.max()) + 1
    genuine_of = np.zeros((number, COARSE), np.int64)
    genuine = np.zeros(BINS, np.int64)
    left, right, capped = genuine_pairs(faces, draws("genuine"), cap)
    for first in range(0, len(left), _CHUNK):
        a, b = left[first : first + _CHUNK], right[first : first + _CHUNK]
        cosines = np.einsum("nd,nd->n", faces.unit[a], faces.unit[b])
        bins = np.clip((cosines + 1) * (BINS / 2), 0, BINS - 1).astype(np.int64)
        genuine += np.bincount(bins, minlength=BINS)
        which = group_of[faces.codes[a]] * COARSE + bins // (BINS // COARSE)
        genuine_of += np.bincount(which, minlength=number * COARSE).reshape(number, COARSE)
    impostor, impostor_of = _impostors(faces, group_of, number)
    return PairCounts(genuine, impostor, genuine_of, impostor_of, faces.identities, capped)


def genuine_pairs(
    faces: SortedEmbeddings, rng: np.random.Generator, cap: int
) -> tuple[Labels, Labels, int]:
    """Rows of genuine pairs, int64 (P,) twice, and how many identities have more than ``cap``."""
    left, right, capped = [], [], 0
    for start, count in zip(faces.starts, faces.counts, strict=False):
        total = int(count) * (int(count) - 1) // 2
        capped += total > cap
        drawn = rng.choice(total, cap, replace=False) if total > cap else np.arange(total)
        second = _row_of(drawn)
        left.append(start + drawn - second * (second - 1) // 2)
        right.append(start + second)
    return np.concatenate(left), np.concatenate(right), capped


def _row_of(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """The larger member of pairs numbered (0,1), (0,2), (1,2), (0,3), ..."""
    row = ((1 + np.sqrt(1 + 8 * pairs.astype(np.float64))) / 2).astype(np.int64)
    row -= row * (row - 1) // 2 > pairs  # the root may be rounded up
    row += (row + 1) * row // 2 <= pairs  # or down
    return row


def _impostors(faces: SortedEmbeddings, group_of: Labels, groups: int) -> tuple[Counts, Counts]:
    of_row = group_of[faces.codes]
    order = np.argsort(of_row, kind="stable")  # identities stay together within a group
    codes = faces.codes[order]
    # A power of two, so that every product is that of the unit vectors, scaled to bins.
    unit = faces.unit[order]
    scaled: NDArray[np.float32] = np.multiply(unit, BINS / 2, dtype=np.float32)
    edges = np.searchsorted(of_row[order], np.arange(groups + 1))
    fine = np.zeros(BINS, np.int64)
    coarse = np.zeros((groups, groups, COARSE), np.int64)
    for a in range(groups):
        for b in range(a, groups):
            counts = np.zeros(_SIZE, np.int64)
            for rows in _blocks(edges[a], edges[a + 1]):
                for columns in _blocks(edges[b], edges[b + 1]):
                    if rows.start <= columns.start:
                        block: NDArray[np.float32] = scaled[rows] @ unit[columns].T
                        if a == b:  # else the two groups share no identity
                            _set_aside(block, codes, rows, columns)
                        counts += _count(block)
            counts[BINS - 1] += counts[BINS:_TOP].sum()  # cosines a rounding above one
            fine += counts[:BINS]
            coarse[a, b] = counts[:BINS].reshape(COARSE, -1).sum(axis=1)
    return fine, coarse


def _blocks(first: int, last: int) -> Iterator[slice]:
    for start in range(int(first), int(last), _ROWS):
        yield slice(start, min(start + _ROWS, int(last)))


def _set_aside(block: NDArray[np.float32], codes: Labels, rows: slice, columns: slice) -> None:
    """Move what is not an impostor pair, or is counted elsewhere, to a bin that no cosine has."""
    block[codes[rows, None] == codes[None, columns]] = _TOP - BINS / 2
    if rows == columns:
        block[np.tri(len(block), dtype=np.bool_)] = _TOP - BINS / 2


def _count(block: NDArray[np.float32]) -> Counts:
    block += BINS / 2
    return np.bincount(block.ravel().astype(np.intp), minlength=_SIZE)


@dataclass(frozen=True, eq=False)
class Replicates:
    """Counts by coarse bin in every bootstrap replicate, float64 (B, 4096) each."""

    genuine: NDArray[np.float64]
    impostor: NDArray[np.float64]


def resample(counts: PairCounts, replicates: int, rng: np.random.Generator) -> Replicates:
    """Draw groups with replacement: a pair of two groups counts by the product of their weights."""
    groups = len(counts.genuine_of)
    weights = draw_subject_weights(groups, replicates, rng).T.astype(np.float64)  # (B, G)
    first, second = np.triu_indices(groups)
    both = weights[:, first] * np.where(first == second, 1.0, weights[:, second])
    return Replicates(weights @ counts.genuine_of, both @ counts.impostor_of[first, second])
