"""Which images make a batch, by the number of the draw alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.errors import UsageError
from harness.seeds import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray


class PeopleSampler:
    """P people without replacement, of each at most K images without replacement.

    The batch of triplet training (OpenFace; Kortylewski et al. 2018, section IV-A). Indices come
    grouped by person. Raises UsageError when there are fewer people than a batch needs.
    """

    def __init__(self, labels: NDArray[np.int64], people: int, images: int, seed: int) -> None:
        self._order = np.argsort(labels, kind="stable")
        self._ends = np.cumsum(np.bincount(labels))
        if people > len(self._ends):
            raise UsageError(
                f"a batch of {people} people cannot be drawn from {len(self._ends)} people; "
                "lower people_per_batch or make more identities"
            )
        self._people, self._images, self._seed = people, images, seed

    def __call__(self, draw: int) -> NDArray[np.int64]:
        """Indices of one batch, int64 (at most P*K,)."""
        rng = stream(self._seed, "people-batch", draw)
        chosen = rng.choice(len(self._ends), self._people, replace=False)
        return np.concatenate([self._of(person, rng) for person in chosen])

    def _of(self, person: int, rng: np.random.Generator) -> NDArray[np.int64]:
        start = self._ends[person - 1] if person else 0
        mine = self._order[start : self._ends[person]]
        return rng.choice(mine, min(len(mine), self._images), replace=False).astype(np.int64)


class UniformSampler:
    """Every image once per epoch in random order, in full batches; the rest is left out.

    Raises UsageError when the data is smaller than one batch.
    """

    def __init__(self, labels: NDArray[np.int64], batch: int, seed: int) -> None:
        self.per_epoch = len(labels) // batch
        if self.per_epoch == 0:
            raise UsageError(
                f"a batch of {batch} images cannot be drawn from {len(labels)} images; "
                "lower images_per_batch or make more images"
            )
        self._size, self._batch, self._seed = len(labels), batch, seed
        self._epoch: tuple[int, NDArray[np.int64]] = (-1, np.empty(0, np.int64))

    def __call__(self, draw: int) -> NDArray[np.int64]:
        """Indices of one batch, int64 (batch,)."""
        epoch, position = divmod(draw, self.per_epoch)
        held, order = self._epoch
        if held != epoch:
            order = stream(self._seed, "uniform-epoch", epoch).permutation(self._size)
            # One assignment, so that threads at an epoch's border see a matching pair.
            self._epoch = (epoch, order)
        return order[position * self._batch : (position + 1) * self._batch]
