"""Subject-clustered bootstrap of verification metrics.

Pairs that share a subject are not independent, so subjects are resampled, not pairs: with
w_s the number of times subject s is drawn, a genuine pair of s counts w_s times and an impostor
pair of s and t counts w_s * w_t times (two-way bootstrap; Owen 2007, Schuckers et al. 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.metrics._checks import (
    Bools,
    Floats,
    Index,
    bool_vector,
    float_vector,
    index_vector,
    same_length,
)
from harness.metrics.operating_points import allowed_accepts, measurable_far
from harness.metrics.uncertainty._weighted_counts import RunningWeights, Weights, impostor_weight

_MARGIN = 1.5  # top impostors kept, over those the target FAR accepts; widened until enough


@dataclass(frozen=True, eq=False)
class SubjectPairs:
    """Subject numbers 0..n_subjects-1 of the two sides of each pair, integer (P,) each.

    A pair is genuine when both sides are the same subject. Raises DataError when a number is out
    of range.
    """

    left: Index
    right: Index
    n_subjects: int

    def __post_init__(self) -> None:
        length = np.asarray(self.left).shape[0]
        index_vector("left subjects", self.left, length, self.n_subjects)
        index_vector("right subjects", self.right, length, self.n_subjects)

    @cached_property
    def genuine(self) -> Bools:
        """Which pairs are genuine, bool (P,)."""
        return np.asarray(self.left == self.right)


def encode_subjects(left: ArrayLike, right: ArrayLike) -> SubjectPairs:
    """Number the subjects of pairs from any kind of identity labels (P,) each."""
    ids = np.asarray(left)
    both = np.concatenate((ids, same_length("right subjects", right, ids.shape[0])))
    names, codes = np.unique(both, return_inverse=True)
    codes = codes.astype(np.int32)
    return SubjectPairs(codes[: ids.size], codes[ids.size :], names.size)


def draw_subject_weights(n_subjects: int, replicates: int, rng: np.random.Generator) -> Weights:
    """How often each subject is drawn in each replicate: uint16 (n_subjects, replicates).

    Every column is multinomial(n_subjects) and sums to n_subjects. Pass the same weights for two
    models on the same pairs to make a paired bootstrap.
    """
    weights = np.empty((n_subjects, replicates), np.uint16)
    for column in range(replicates):
        drawn = rng.integers(n_subjects, size=n_subjects)
        weights[:, column] = np.bincount(drawn, minlength=n_subjects)
    return weights


def bootstrap_accuracy(
    correct: ArrayLike, pairs: SubjectPairs, weights: Weights
) -> NDArray[np.float64]:
    """Replicates (B,) of the share of right calls, decisions held as they are.

    ``correct`` bool (P,), for example :attr:`FoldAccuracy.correct`. The shares of genuine and
    impostor pairs are kept as the protocol fixes them. NaN where no pair of a kind is drawn.
    """
    mask = bool_vector("correct", correct, pairs.genuine.size)
    accuracy = np.zeros(weights.shape[1])
    for kind, weigh in ((pairs.genuine, _genuine_weight), (~pairs.genuine, impostor_weight)):
        if kind.any():
            wrong = kind & ~mask
            with np.errstate(invalid="ignore"):
                error = weigh(pairs.left[wrong], pairs.right[wrong], weights)
                error /= weigh(pairs.left[kind], pairs.right[kind], weights)
            accuracy += kind.mean() * (1.0 - error)
    return accuracy


def bootstrap_tar(
    scores: ArrayLike, pairs: SubjectPairs, targets: Sequence[float], weights: Weights
) -> NDArray[np.float64]:
    """Replicates (F, B) of TAR at each of F target FARs, by the rule ``at-most``.

    ``scores`` float (P,), higher means more similar. In every replicate the threshold is chosen
    again: the lowest at which the weighted FAR is at most the target. NaN for a target below
    1/impostors, and where no pair of a kind is drawn. Only the highest impostors are sorted and
    weighted one by one; no result is approximate. Raises DataError for NaN scores.
    """
    values = float_vector("scores", scores)
    same_length("pairs", pairs.genuine, values.size)
    if np.isnan(values.min(initial=np.inf)):
        raise DataError(f"{int(np.isnan(values).sum()):,} of {values.size:,} scores are NaN")
    genuine = pairs.genuine
    n_impostor = genuine.size - int(np.count_nonzero(genuine))
    rates = np.full((len(targets), weights.shape[1]), np.nan)
    shown = [i for i, far in enumerate(targets) if _shown(far, n_impostor)]
    if shown and n_impostor < genuine.size:
        fars = np.array([targets[i] for i in shown])
        total = impostor_weight(pairs.left, pairs.right, weights)
        kept = int(_MARGIN * allowed_accepts(float(fars.max()), n_impostor)) + 64
        cut = _highest_rejected(values, pairs, _allowed_weight(fars, total), weights, kept)
        tar = _tar_above(values[genuine], pairs.left[genuine], cut, weights)
        rates[shown] = np.where(total > 0, tar, np.nan)
    return rates


def _shown(target: float, n_impostor: int) -> bool:
    return n_impostor > 0 and measurable_far(target, n_impostor) is None


def _genuine_weight(left: Index, _right: Index, weights: Weights) -> NDArray[np.float64]:
    counts = np.bincount(left, minlength=weights.shape[0])
    return np.asarray(counts @ weights.astype(np.float64))


def _allowed_weight(fars: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest whole weight w (F, B) with w / total <= FAR, as floats compare."""
    limit = np.floor(np.outer(fars, total)) + 1
    for _ in range(2):  # one was added, and the product may have been rounded up to the next
        with np.errstate(divide="ignore", invalid="ignore"):
            limit -= limit / total > fars[:, None]
    return limit


def _highest_rejected(
    values: Floats,
    pairs: SubjectPairs,
    limits: NDArray[np.float64],
    weights: Weights,
    kept: int,
) -> Floats:
    """Highest impostor score rejected (F, B): the first at which the weight exceeds the limit.

    NaN where all impostors stay within it.
    """
    impostor_scores = values[~pairs.genuine]
    n = impostor_scores.size
    while True:
        kept = min(kept, n)
        impostor_scores.partition(n - kept)
        rows = _impostors_from(impostor_scores[n - kept], values, pairs)
        rows = rows[np.argsort(values[rows])[::-1]]
        running = RunningWeights(weights, pairs.left[rows], pairs.right[rows])
        if kept == n or (running.total > limits).all():
            break
        kept *= 2
    falling = np.append(values[rows], values.dtype.type(np.nan))
    return falling[running.first_above(limits)]


def _impostors_from(least: np.floating[Any], values: Floats, pairs: SubjectPairs) -> Index:
    """Pairs that are impostors and score at least ``least``, rising."""
    chosen = values >= least
    chosen &= ~pairs.genuine
    return np.flatnonzero(chosen)


def _tar_above(
    genuine_scores: Floats, subjects: Index, cut: Floats, weights: Weights
) -> NDArray[np.float64]:
    """Weighted share of genuine scores > ``cut`` (F, B); of all where it is NaN."""
    order = np.argsort(genuine_scores)
    ascending = genuine_scores[order]
    rejected = np.searchsorted(ascending, cut, side="right")
    rejected[np.isnan(cut)] = 0
    running = RunningWeights(weights, subjects[order[::-1]])
    with np.errstate(invalid="ignore"):
        return np.asarray(running.before(ascending.size - rejected) / running.total)
