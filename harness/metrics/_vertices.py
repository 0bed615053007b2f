"""Corner vertices of the ROC curve, of the whole curve or of a window of impostor ranks.

The set of vertices is the one that scikit-learn's ``roc_curve(drop_intermediate=True)`` keeps:
a threshold is dropped when the steps into it and out of it are equal in both counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics._checks import Floats, Ints
from harness.metrics.scores import SortedScores, count_above, whole


@dataclass(frozen=True, slots=True, eq=False)
class Vertices:
    """Vertices by falling threshold; a comparison is accepted when its score >= ``threshold``.

    ``false_matches`` and ``true_matches`` are the int64 counts accepted there. No vertex outside
    the window accepts between ``matches_above`` and ``matches_below`` impostors (both exclusive);
    each is None where the window reaches that end of the curve.
    """

    threshold: NDArray[np.float64]
    false_matches: Ints
    true_matches: Ints
    matches_above: int | None
    matches_below: int | None


def all_vertices(scores: SortedScores) -> Vertices:
    """Every corner vertex, from (0, 0) at threshold +inf to the lowest score."""
    return vertex_window(whole(scores), 0, scores.n_impostor)


def vertex_window(scores: SortedScores, first: int, last: int) -> Vertices:
    """Vertices around the impostor ranks ``first`` (inclusive, best is 0) to ``last`` (exclusive).

    Tied scores are never split, so the window may be wider than asked for; it ends where the kept
    impostors do. Time and memory are proportional to the window.
    """
    kept = scores.impostor.size
    at_top, at_bottom = first <= 0, last >= scores.n_impostor
    bounds = (
        None if at_bottom else scores.impostor[max(kept - last, 0)],
        None if at_top else scores.impostor[kept - 1 - first],
    )
    genuine, accepted_genuine = _between(scores.genuine, *bounds)
    impostor, accepted_impostor = _between(scores.impostor, *bounds)
    values, genuine_step, impostor_step = _steps(genuine, impostor)
    false_matches = accepted_impostor + np.cumsum(impostor_step, dtype=np.int64)
    true_matches = accepted_genuine + np.cumsum(genuine_step, dtype=np.int64)
    # The step out of the window's last threshold is unknown, unless the curve ends there.
    keep = np.full(values.size, fill_value=at_bottom)
    keep[:-1] = impostor_step[1:] != impostor_step[:-1]
    keep[:-1] |= genuine_step[1:] != genuine_step[:-1]
    if at_top:
        keep[0] = True
    below = None if at_bottom else int(false_matches[-1])
    start = [0] if at_top else []
    return Vertices(
        threshold=np.concatenate((np.full(len(start), np.inf), values[keep].astype(np.float64))),
        false_matches=np.concatenate((np.array(start, np.int64), false_matches[keep])),
        true_matches=np.concatenate((np.array(start, np.int64), true_matches[keep])),
        matches_above=None if at_top else accepted_impostor,
        matches_below=below,
    )


def _between(
    ascending: Floats,
    low: np.floating[Any] | None,
    high: np.floating[Any] | None,
) -> tuple[Floats, int]:
    """Scores in [low, high], and how many are above; None is an open end."""
    start = 0 if low is None else int(np.searchsorted(ascending, low, side="left"))
    above = 0 if high is None else count_above(ascending, high)
    return ascending[start : ascending.size - above], above


def _steps(
    genuine: Floats, impostor: Floats
) -> tuple[Floats, NDArray[np.int32], NDArray[np.int32]]:
    """Distinct scores, falling, with the number of genuine and of impostor scores at each."""
    values, impostor_step = _runs(impostor)
    genuine_values, genuine_count = _runs(genuine)
    at = np.searchsorted(values, genuine_values)
    new = np.ones(at.size, np.bool_)
    inside = at < values.size
    new[inside] = values[at[inside]] != genuine_values[inside]
    values = np.insert(values, at[new], genuine_values[new])
    impostor_step = np.insert(impostor_step, at[new], 0)
    genuine_step = np.zeros(values.size, np.int32)
    genuine_step[at + np.cumsum(new) - new] = genuine_count
    return values[::-1], genuine_step[::-1], impostor_step[::-1]


def _runs(ascending: Floats) -> tuple[Floats, NDArray[np.int32]]:
    """Distinct values of an ascending array and how often each occurs."""
    first = np.flatnonzero(ascending[1:] != ascending[:-1]) + 1
    first = np.concatenate(([0], first)) if ascending.size else first
    return ascending[first], np.diff(first, append=ascending.size).astype(np.int32)
