"""Genuine and impostor scores, sorted once; every error rate is then a count in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from harness.errors import DataError
from harness.metrics._checks import Floats, bool_vector, float_vector


@dataclass(frozen=True, slots=True, eq=False)
class SortedScores:
    """Genuine (G,) and impostor (I,) scores in ascending order; higher means more alike.

    Both are float32 or both float64, never empty, without NaN. ``-inf`` is the score of a
    comparison that could not be made (failure to enrol): no finite threshold accepts it.
    Make one with :func:`sort_scores` or :func:`sort_labelled_scores`.
    """

    genuine: Floats
    impostor: Floats

    @property
    def n_genuine(self) -> int:
        """Number of genuine comparisons."""
        return self.genuine.size

    @property
    def n_impostor(self) -> int:
        """Number of impostor comparisons."""
        return self.impostor.size


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
    ordered = [np.sort(values.astype(dtype, copy=False)) for values in raw]
    for name, values in zip(("genuine", "impostor"), ordered, strict=True):
        if not values.size:
            raise DataError(f"there are no {name} scores, so no error rate can be computed")
        if np.isnan(values[-1]):  # NaN sorts last
            raise DataError(
                f"{int(np.isnan(values).sum()):,} of {values.size:,} {name} scores are NaN; "
                "give a comparison that could not be made the score -inf"
            )
    return SortedScores(*ordered)


def sort_labelled_scores(scores: ArrayLike, genuine: ArrayLike) -> SortedScores:
    """Sort scores (P,) given a bool (P,) that says which are genuine. Raises DataError."""
    values = float_vector("scores", scores)
    mask = bool_vector("genuine", genuine, values.size)
    return sort_scores(values[mask], values[~mask])


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
    return ErrorRates(
        threshold=float(threshold),
        false_matches=count_accepted(scores.impostor, threshold),
        false_non_matches=scores.n_genuine - count_accepted(scores.genuine, threshold),
        n_genuine=scores.n_genuine,
        n_impostor=scores.n_impostor,
    )
