"""One search of every probe in one gallery, in probe blocks, reduced to three numbers per probe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.metrics._checks import Bools, bool_vector, feature_matrix, same_length

_BLOCK_SCORES = 1 << 22  # scores held at a time: 16 MiB of float32
_LEAST_PROBES = 64  # fewer and a large gallery is read from memory more often than computed with


@dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """What identification metrics need of each probe (P,); ties count against the mate.

    ``mated`` bool: the probe's subject is in the gallery. ``mate_score`` float32: best score of
    the probe's own subject, -inf for a non-mated probe. ``other_score`` float32: best score of
    any other subject. ``rank`` int32: 1 + the number of other subjects' entries that score at
    least ``mate_score``; 0 for a non-mated probe.
    """

    mated: Bools
    mate_score: NDArray[np.float32]
    other_score: NDArray[np.float32]
    rank: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class _Mates:
    """Gallery columns of each probe's own subject: ``columns[start:start + count]``."""

    columns: NDArray[np.intp]
    start: NDArray[np.intp]
    count: NDArray[np.intp]


def search_gallery(
    probes: ArrayLike,
    probe_subjects: ArrayLike,
    gallery: ArrayLike,
    gallery_subjects: ArrayLike,
    *,
    probe_enrolled: ArrayLike | None = None,
    gallery_enrolled: ArrayLike | None = None,
) -> SearchResult:
    """Search probes (P, D) in a gallery (G, D) by inner product, float32.

    Subjects are labels (P,) and (G,) of one kind; a subject may have several gallery entries, of
    which the best counts. Rows marked False in ``probe_enrolled`` or ``gallery_enrolled`` found no
    face: their values are ignored and all their scores are -inf. Memory is that of one block of
    probes, whatever P is. Raises DataError for rows that are not finite or sizes that disagree.
    """
    rows, probes_usable = _usable("probes", probes, probe_enrolled)
    entries, gallery_usable = _usable("gallery", gallery, gallery_enrolled)
    if rows.shape[1] != entries.shape[1]:
        raise DataError(f"probes have {rows.shape[1]} dimensions, the gallery {entries.shape[1]}")
    mates = _find_mates(probe_subjects, gallery_subjects, rows.shape[0], entries.shape[0])
    result = _empty(mates)
    block = max(_LEAST_PROBES, _BLOCK_SCORES // entries.shape[0])
    for first in range(0, rows.shape[0], block):
        part = slice(first, first + block)
        scores = rows[part] @ entries.T
        scores[~probes_usable[part]] = -np.inf
        scores[:, ~gallery_usable] = -np.inf
        _reduce(scores, part, mates, result)
    return result


def search_scores(
    scores: ArrayLike, probe_subjects: ArrayLike, gallery_subjects: ArrayLike
) -> SearchResult:
    """Reduce a score matrix (P, G) that was made elsewhere; -inf marks no comparison.

    Scores become float32. Raises DataError for NaN or sizes that disagree.
    """
    matrix = np.asarray(scores)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise DataError(f"scores must be probes by gallery entries, not shape {matrix.shape}")
    mates = _find_mates(probe_subjects, gallery_subjects, *matrix.shape)
    result = _empty(mates)
    block = max(1, _BLOCK_SCORES // matrix.shape[1])
    for first in range(0, matrix.shape[0], block):
        part = slice(first, first + block)
        _reduce(np.array(matrix[part], dtype=np.float32), part, mates, result)
    bad = np.isnan(result.mate_score) | np.isnan(result.other_score)  # NaN is the largest of all
    if bad.any():
        raise DataError(
            f"the scores of {int(bad.sum()):,} of {bad.size:,} probes hold NaN, the first is "
            f"probe {int(np.argmax(bad))}; mark no comparison by -inf"
        )
    return result


def _usable(
    name: str, features: ArrayLike, enrolled: ArrayLike | None
) -> tuple[NDArray[np.float32], Bools]:
    if enrolled is None:
        matrix = feature_matrix(name, features)
        return matrix, np.ones(matrix.shape[0], np.bool_)
    raw = np.asarray(features)
    usable = bool_vector(f"enrolled {name}", enrolled, raw.shape[0])
    if not usable.all():
        raw = np.where(usable[:, None], raw, raw.dtype.type(0))
    return feature_matrix(name, raw), usable


def _find_mates(
    probe_subjects: ArrayLike, gallery_subjects: ArrayLike, n_probes: int, n_gallery: int
) -> _Mates:
    wanted = same_length("probe subjects", probe_subjects, n_probes)
    held = same_length("gallery subjects", gallery_subjects, n_gallery)
    columns = np.argsort(held, kind="stable")
    start = np.searchsorted(held[columns], wanted, side="left")
    stop = np.searchsorted(held[columns], wanted, side="right")
    return _Mates(columns, start, stop - start)


def _empty(mates: _Mates) -> SearchResult:
    n = mates.start.size
    return SearchResult(
        mated=mates.count > 0,
        mate_score=np.full(n, -np.inf, np.float32),
        other_score=np.full(n, -np.inf, np.float32),
        rank=np.zeros(n, np.int32),
    )


def _reduce(scores: NDArray[np.float32], part: slice, mates: _Mates, result: SearchResult) -> None:
    """Fill ``result`` for one block of probes; overwrites the mates' scores in ``scores``."""
    start, count = mates.start[part], mates.count[part]
    best = result.mate_score[part]
    n_mates = int(count.max(initial=0))
    for nth in range(n_mates):
        rows = np.flatnonzero(count > nth)
        columns = mates.columns[start[rows] + nth]
        best[rows] = np.maximum(best[rows], scores[rows, columns])
        # Mates leave the block, so that the best that remains is an impostor's.
        scores[rows, columns] = -np.inf
    scores.max(axis=1, out=result.other_score[part])
    result.rank[part] = count > 0
    behind = np.flatnonzero((count > 0) & (result.other_score[part] >= best))
    beaten = np.count_nonzero(scores[behind] >= best[behind, None], axis=1)
    # A mate that scores -inf also meets the entries just overwritten, which are not others.
    beaten -= np.where(np.isneginf(best[behind]), count[behind], 0)
    result.rank[part][behind] += beaten.astype(np.int32)
