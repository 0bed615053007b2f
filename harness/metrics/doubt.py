"""Scores whose direction or spread shows that something before them went wrong."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW = 10
INVERTED_AUC = 0.4
"""Below this, and below 0.5 by ``SIGMAS`` deviations of chance, scores are the wrong way round."""
SIGMAS = 4.0


def all_equal(scores: NDArray[Any]) -> bool:
    """Whether ``FEW`` or more finite scores are all the same, so that nothing is told apart."""
    finite = scores[np.isfinite(scores)]
    return finite.size >= FEW and bool((finite == finite[0]).all())


def is_inverted(auc: float, n_genuine: int, n_impostor: int) -> bool:
    """Whether an area under the ROC is too far below 0.5 to be chance.

    The deviation of chance is that of the rank-sum statistic (Mann and Whitney 1947).
    """
    deviation = sqrt((n_genuine + n_impostor + 1) / (12 * n_genuine * n_impostor))
    return auc < min(INVERTED_AUC, 0.5 - SIGMAS * deviation)
