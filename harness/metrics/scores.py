"""Genuine and impostor scores, sorted once; every error rate is then a count in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from harness.errors import DataError
from harness.metrics._checks import Floats, bool_vector, float_vector


@dataclass(frozen=True, slots=True, eq=False)
class SortedScores:
    """Genuine (G,) and impostor (I,) scores in ascending order; higher means more similar.

    Both are float32 or both float64, never empty, without NaN. ``-inf`` is the score of a
    comparison that could not be made (failure to enrol): no finite threshold accepts it.
    Make one with :func:`sort_scores` or :func:`sort_labelled_scores`.

    ``n_lower`` impostors score below all that are kept (see :func:`highest_scores`); such an object
    shows operating points up to the FAR it was made for, and no whole curve.
    """

    genuine: Floats
    impostor: Floats
    n_lower: int = 0

    @property
    def n_genuine(self) -> int:
        """Number of genuine comparisons."""
        return self.genuine.size

    @property
    def n_impostor(self) -> int:
        """Number of impostor comparisons, kept or not."""
        return self.impostor.size + self.n_lower


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Errors at one threshold: a comparison is accepted when its score >= ``threshold``."""

    threshold: float
    false_matches: int
    false_non_matches: int
    n_genuine: int
    n_impostor: int

    @property
    def fmr(self) -> float:
        """False match rate: the share of impostor comparisons accepted."""
        return self.false_matches / self.n_impostor

    @property
    def fnmr(self) -> float:
        """False non-match rate: the share of genuine comparisons rejected."""
        return self.false_non_matches / self.n_genuine


def sort_scores(genuine: ArrayLike, impostor: ArrayLike) -> SortedScores:
    """Sort the two kinds of scores; float32 stays float32 unless the other kind is float64.

    Raises DataError when a kind is empty, not a vector of numbers, or holds NaN.
    """
    raw = (float_vector("genuine scores", genuine), float_vector("impostor scores", impostor))
    dtype = np.result_type(*raw)
    return _sorted_in_place(*(values.astype(dtype) for values in raw))


def _sorted_in_place(genuine: Floats, impostor: Floats) -> SortedScores:
    for name, values in (("genuine", genuine), ("impostor", impostor)):
        values.sort()
        if not values.size:
            raise DataError(f"there are no {name} scores, so no error rate can be computed")
        if np.isnan(values[-1]):  # NaN sorts last
            raise DataError(
                f"{int(np.isnan(values).sum()):,} of {values.size:,} {name} scores are NaN; "
                "give a comparison that could not be made the score -inf"
            )
    return SortedScores(genuine, impostor)


def sort_labelled_scores(scores: ArrayLike, genuine: ArrayLike) -> SortedScores:
    """Sort scores (P,) given a bool (P,) that says which are genuine. Raises DataError."""
    return _sorted_in_place(*_split(scores, genuine))


def highest_scores(scores: ArrayLike, genuine: ArrayLike, far: float) -> SortedScores:
    """All genuine and the highest impostor scores: what TAR at FARs up to ``far`` depends on.

    As :func:`sort_labelled_scores` otherwise, in a fraction of its time and memory. Every rule of
    :func:`harness.metrics.tar_at_far` finds the same point as among all scores: rejecting everyone
    misses a FAR by no more than the FAR itself, so no vertex beyond twice the FAR is ever nearest.
    """
    kept, impostor = _split(scores, genuine)
    n = impostor.size
    n_kept = min(n, deciding_impostors(far, n))
    if n_kept == n:
        return _sorted_in_place(kept, impostor)
    if np.isnan(impostor.max()):
        return _sorted_in_place(kept, impostor)  # which counts and names them
    impostor.partition(n - n_kept)
    n_kept += int(np.count_nonzero(impostor[: n - n_kept] == impostor[n - n_kept]))  # ties stay
    if n_kept == n:
        return _sorted_in_place(kept, impostor)
    impostor.partition(n - n_kept)
    ordered = _sorted_in_place(kept, impostor[n - n_kept :].copy())
    return replace(ordered, n_lower=n - n_kept)


def deciding_impostors(far: float, n_impostor: int) -> int:
    """How many of the highest impostors decide TAR at ``far``, one rank beyond twice it."""
    return int(2 * far * n_impostor) + 2


def whole(scores: SortedScores) -> SortedScores:
    """``scores`` if no impostor is left out, else ValueError."""
    if scores.n_lower:
        raise ValueError(
            f"{scores.n_lower:,} of {scores.n_impostor:,} impostor scores were left out; this "
            "measure needs them all"
        )
    return scores


def _split(scores: ArrayLike, genuine: ArrayLike) -> tuple[Floats, Floats]:
    """Copies of the genuine and of the impostor scores."""
    values = float_vector("scores", scores)
    mask = bool_vector("genuine", genuine, values.size)
    return values[mask], values[~mask]


def count_accepted(ascending: Floats, threshold: float) -> int:
    """Count the scores >= ``threshold`` in an ascending array, exactly for both float widths."""
    # searchsorted would copy a float32 array to compare it with a float64: round the threshold up
    # to the array's own type instead, which leaves the set of accepted scores unchanged.
    own = ascending.dtype.type(threshold)
    if float(own) < float(threshold):  # a float32 would be compared in float32
        own = np.nextafter(own, ascending.dtype.type(np.inf))
    return ascending.size - int(np.searchsorted(ascending, own, side="left"))


def count_above(ascending: Floats, value: np.floating[Any]) -> int:
    """Count the scores > ``value`` (of the array's own dtype) in an ascending array."""
    return ascending.size - int(np.searchsorted(ascending, value, side="right"))


def error_rates(scores: SortedScores, threshold: float) -> ErrorRates:
    """FMR and FNMR at a threshold that was chosen elsewhere (ISO/IEC 19795-1)."""
    if np.isnan(threshold):
        raise ValueError("the threshold is NaN")
    whole(scores)
    return ErrorRates(
        threshold=float(threshold),
        false_matches=count_accepted(scores.impostor, threshold),
        false_non_matches=scores.n_genuine - count_accepted(scores.genuine, threshold),
        n_genuine=scores.n_genuine,
        n_impostor=scores.n_impostor,
    )
