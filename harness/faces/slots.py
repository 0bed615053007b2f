"""All slots of a face set, by number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.faces.face import Slot


class Slots:
    """All slots of a face set by number, without a list of them."""

    def __init__(self, samples_per_identity: NDArray[np.int32]) -> None:
        counts = np.asarray(samples_per_identity, np.int64)
        if counts.ndim != 1 or (counts < 0).any():
            raise DataError("samples_per_identity must be one count per identity, none negative")
        self._ends = np.cumsum(counts)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def between(self, first: int, last: int) -> list[Slot]:
        """Slots ``first`` to ``last - 1``."""
        numbers = np.arange(first, min(last, len(self)))
        identities = np.searchsorted(self._ends, numbers, side="right")
        starts = np.concatenate([[0], self._ends])[identities]
        return [Slot(int(i), int(n)) for i, n in zip(identities, numbers - starts, strict=True)]
