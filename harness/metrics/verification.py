"""Cross-validated verification accuracy on folds of pairs (the LFW rule and its variants)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.metrics._checks import Bools, Index, Ints, bool_vector, float_vector, int_vector

FoldRule = Literal["insightface", "official", "exact", "openface"]
FOLD_RULES: tuple[FoldRule, ...] = get_args(FoldRule)

_GRID = np.arange(0, 4, 0.01)  # squared L2 of unit vectors is in [0, 4]
Pick = Callable[[NDArray[np.float64], int], float]
_ROUNDING = 1e-3  # what float32 arithmetic may add to that range


@dataclass(frozen=True, slots=True, eq=False)
class FoldAccuracy:
    """Accuracy of every fold at the threshold chosen on the other folds.

    Arrays over folds (F,), in rising order of fold number: ``folds``, ``thresholds`` (a pair is
    called genuine when its distance < threshold), ``right`` and ``total`` pairs. ``correct`` is
    bool (P,), one entry per pair, for paired tests and the bootstrap.
    """

    rule: FoldRule
    folds: Ints
    thresholds: NDArray[np.float64]
    right: Ints
    total: Ints
    correct: Bools

    @property
    def accuracies(self) -> NDArray[np.float64]:
        """Accuracy of each fold, float64 (F,)."""
        return self.right / self.total

    @property
    def mean(self) -> float:
        """Mean accuracy over folds: the reported number."""
        return float(np.mean(self.accuracies))

    @property
    def fold_std(self) -> float:
        """Standard deviation over folds with ddof 0: what insightface prints after +-."""
        return float(np.std(self.accuracies))

    @property
    def standard_error(self) -> float:
        """Standard error of the mean as LFW defines it: std with ddof 1 over sqrt(folds)."""
        return float(np.std(self.accuracies, ddof=1) / np.sqrt(self.folds.size))

    @property
    def n_right(self) -> int:
        """Pairs called right, over all folds."""
        return int(self.right.sum())

    @property
    def n_pairs(self) -> int:
        """Pairs tested, over all folds."""
        return int(self.total.sum())


@dataclass(frozen=True, slots=True)
class BestThreshold:
    """Accuracy at the best single threshold (called genuine when distance < ``threshold``)."""

    accuracy: float
    threshold: float
    right: int
    total: int


def kfold_accuracy(
    distances: ArrayLike,
    genuine: ArrayLike,
    folds: ArrayLike,
    rule: FoldRule = "insightface",
    *,
    largest: float = 4.0,
) -> FoldAccuracy:
    """Accuracy by cross-validation over the given folds.

    ``distances`` float (P,): squared L2 between unit embeddings (lower means more similar), +inf
    for a pair that could not be compared. ``genuine`` bool (P,). ``folds`` int (P,): any labels,
    any sizes. A pair is called genuine when its distance is below the threshold; the threshold of a
    fold has the highest accuracy on all other folds, the lowest such threshold on ties.

    - ``insightface``: thresholds ``arange(0, 4, 0.01)``, compared in float64 for either width of
      ``distances`` (insightface ``eval/verification.py``; also facenet, AdaFace).
    - ``official``: every cut between distinct training distances, at their midpoint; below all of
      them the lowest distance, above all the next float after the highest.
    - ``exact``: the same cuts at their lower end, the next float after the last distance accepted,
      0 where none is: what ``insightface`` tends to as the step of its grid goes to zero.
    - ``openface``: the grid of ``insightface``, walked up from 0 until accuracy falls for the first
      time; the last threshold before that, so the highest on ties (OpenFace ``evaluation/lfw.py``).

    The rules on a grid refuse distances above ``largest``, which only other vectors than unit ones
    can have; the grid itself ends at 3.99, and no threshold accepts what is beyond.

    Raises DataError for NaN or impossible distances, fewer than two folds, or a fold of one class.
    """
    if rule not in FOLD_RULES:
        raise ValueError(f"unknown fold rule {rule!r}; use {', '.join(FOLD_RULES)}")
    d, mask, labels, codes = checked_folds(distances, genuine, folds)
    if rule in ("insightface", "openface"):
        right = _right_on_grid(d, mask, codes, labels.size, largest)
        best = np.argmax(right, axis=1) if rule == "insightface" else _before_first_fall(right)
        thresholds = np.asarray(_GRID[best])
    else:
        pick = _midpoint if rule == "official" else _lower_end
        thresholds = _swept_thresholds(d, mask, codes, labels.size, pick=pick)
    correct = (d < thresholds[codes]) == mask
    return FoldAccuracy(
        rule=rule,
        folds=labels.astype(np.int64),
        thresholds=thresholds,
        right=np.bincount(codes[correct], minlength=labels.size),
        total=np.bincount(codes, minlength=labels.size),
        correct=correct,
    )


def best_threshold_accuracy(distances: ArrayLike, genuine: ArrayLike) -> BestThreshold:
    """Highest accuracy over all thresholds on the tested pairs themselves; no folds.

    Optimistic: the threshold has seen the answers. Kept because GhostFaceNets and others publish
    it. Ties and cuts as in :func:`kfold_accuracy` with rule ``official``. Raises DataError.
    """
    d = _distances(distances)
    mask = bool_vector("genuine", genuine, d.size)
    if not d.size:
        raise DataError("there are no pairs")
    order = np.argsort(d, kind="stable")
    threshold = _best_cut(d[order], mask[order], _midpoint)
    right = int(np.count_nonzero((d < threshold) == mask))
    return BestThreshold(right / d.size, threshold, right, d.size)


def contiguous_folds(n_pairs: int, n_folds: int = 10) -> Ints:
    """Fold number of each pair, int64 (P,), for a list stored fold after fold.

    The first ``n_pairs % n_folds`` folds get one pair more, as in scikit-learn's
    ``KFold(n_folds, shuffle=False)``. Raises DataError when a fold would be empty.
    """
    if not 2 <= n_folds <= n_pairs:
        raise DataError(f"{n_pairs:,} pairs cannot make {n_folds} folds")
    sizes = np.full(n_folds, n_pairs // n_folds)
    sizes[: n_pairs % n_folds] += 1
    return np.repeat(np.arange(n_folds), sizes)


def checked_folds(
    distances: ArrayLike, genuine: ArrayLike, folds: ArrayLike
) -> tuple[NDArray[np.float64], Bools, Index, Ints]:
    """Distances (P,), genuine (P,), fold labels (F,) and the number of each pair's label (P,).

    Raises DataError as :func:`kfold_accuracy`.
    """
    d = _distances(distances)
    mask = bool_vector("genuine", genuine, d.size)
    labels, codes = np.unique(int_vector("folds", folds, d.size), return_inverse=True)
    _check_folds(labels, codes, mask)
    return d, mask, labels, codes


def _distances(values: ArrayLike) -> NDArray[np.float64]:
    # float64 holds every float32 exactly, so both widths meet the same thresholds.
    d = float_vector("distances", values).astype(np.float64)
    bad = np.isnan(d) | (d == -np.inf)
    if bad.any():
        raise DataError(
            f"{int(bad.sum()):,} of {d.size:,} distances are NaN or -inf, the first is pair "
            f"{int(np.argmax(bad))}; give a pair that could not be compared the distance +inf"
        )
    return d


def _check_folds(labels: Index, codes: Ints, mask: Bools) -> None:
    if labels.size < 2:
        raise DataError(f"cross-validation needs at least two folds; there are {labels.size}")
    n_genuine = np.bincount(codes[mask], minlength=labels.size)
    single = (n_genuine == 0) | (n_genuine == np.bincount(codes))
    if single.any():
        named = ", ".join(str(label) for label in labels[single][:10])
        raise DataError(
            f"{int(single.sum())} of {labels.size} folds hold only genuine or only impostor pairs "
            f"(fold {named}); every fold needs both: interleave the pair list"
        )


def _right_on_grid(
    d: NDArray[np.float64], mask: Bools, codes: Ints, n_folds: int, largest: float
) -> Ints:
    """Right calls (F, 400) on the other folds of each fold at every threshold of the grid."""
    finite = d[np.isfinite(d)]
    if finite.size and not (finite.min() >= -_ROUNDING and finite.max() <= largest + _ROUNDING):
        raise DataError(
            f"distances span {finite.min():.4g}..{finite.max():.4g}; the grid rule needs squared "
            f"L2 distances of unit embeddings, which are in 0..{largest:g}"
        )
    # d < grid[k] exactly for k >= bin, so counts accepted are cumulative sums over the bins.
    bins = np.searchsorted(_GRID, d, side="right")
    shape = (n_folds, 2, _GRID.size + 1)
    cell = np.ravel_multi_index((codes, mask.astype(np.intp), bins), shape)
    histogram = np.bincount(cell, minlength=n_folds * 2 * (_GRID.size + 1)).reshape(shape)
    accepted = histogram[..., :-1].cumsum(axis=-1)
    rejected_impostors = histogram[:, 0].sum(axis=-1, keepdims=True) - accepted[:, 0]
    right = accepted[:, 1] + rejected_impostors
    return np.asarray(right.sum(axis=0) - right)


def _before_first_fall(right: Ints) -> Ints:
    """The last column before the first fall of each row (F, K); the last of all without one."""
    falls = np.diff(right, axis=1) < 0
    last = np.full(len(right), right.shape[1] - 1)
    return np.asarray(np.where(falls.any(axis=1), falls.argmax(axis=1), last))


def _swept_thresholds(
    d: NDArray[np.float64], mask: Bools, codes: Ints, n_folds: int, *, pick: Pick
) -> NDArray[np.float64]:
    order = np.argsort(d, kind="stable")
    d, mask, codes = d[order], mask[order], codes[order]
    return np.array([_best_cut(d[codes != k], mask[codes != k], pick) for k in range(n_folds)])


def _best_cut(ascending: NDArray[np.float64], mask: Bools, pick: Pick) -> float:
    """Lowest of the cuts with the most right calls; ``ascending`` are the training distances."""
    finite = ascending[: np.searchsorted(ascending, np.inf)]  # no threshold accepts +inf
    if not finite.size:
        raise DataError("no training pair could be compared: every distance is +inf")
    gain = np.cumsum(np.where(mask[: finite.size], 1, -1))
    # A threshold cannot separate equal distances: cuts are only where the distance changes.
    ends = np.append(np.flatnonzero(finite[1:] != finite[:-1]), finite.size - 1)
    # argmax takes the first of equal maxima, which is the lowest threshold.
    cut = int(np.argmax(np.concatenate(([0], gain[ends]))))
    return pick(finite, int(ends[cut - 1]) + 1 if cut else 0)


def _midpoint(finite: NDArray[np.float64], accepted: int) -> float:
    """The middle between the last distance accepted and the next."""
    if accepted == 0:
        return float(finite[0])
    low = finite[accepted - 1]
    if accepted == finite.size:
        return float(np.nextafter(low, np.inf))
    high = finite[accepted]
    middle = low + (high - low) / 2
    # Between neighbouring floats the midpoint rounds to one of them; "<" then needs the upper.
    return float(middle if middle > low else high)


def _lower_end(finite: NDArray[np.float64], accepted: int) -> float:
    """The lowest threshold that accepts this many."""
    return float(np.nextafter(finite[accepted - 1], np.inf) if accepted else min(finite[0], 0.0))
