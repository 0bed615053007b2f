"""Which part of a face set is trained on, and several sets as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError
from harness.seeds import derive

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from harness.training.recipe import TrainingData


def choose(
    subjects: NDArray[np.int64],
    samples: NDArray[np.integer],
    seed: int,
    *,
    identities: int | None = None,
    images: int | None = None,
    excluded: Collection[int] = (),
) -> NDArray[np.bool_]:
    """Mask of the images taken, bool (N,); ``subjects`` and ``samples`` (N,) name them.

    Without the ``excluded`` subjects, this many ``identities`` are drawn, and this many ``images``
    of theirs. Each has its place in an order that ``seed`` and its own name decide, so that a
    smaller subset is a part of a larger one. Raises DataError when there are fewer than asked for.
    """
    mask = ~np.isin(subjects, list(excluded))
    if identities is not None:
        people = [int(subject) for subject in np.unique(subjects[mask])]
        people.sort(key=lambda subject: derive(seed, "subset", "identity", subject))
        _enough(identities, len(people), "identities")
        mask &= np.isin(subjects, people[:identities])
    if images is not None:
        left = np.flatnonzero(mask).tolist()
        left.sort(key=lambda i: derive(seed, "subset", "image", int(subjects[i]), int(samples[i])))
        _enough(images, len(left), "images")
        mask[left[images:]] = False
    return mask


def _enough(wanted: int, there: int, what: str) -> None:
    if wanted > there:
        raise DataError(
            f"{wanted} {what} are to be taken of a face set that has only {there}; take at most "
            "that"
        )


def classes(subjects: NDArray[np.int64]) -> NDArray[np.int64]:
    """Subjects as labels 0..C-1 without a gap, int64 (N,)."""
    return np.unique(subjects, return_inverse=True)[1].astype(np.int64)


class ConcatenatedSets:
    """Several training sets one after the other; people of different sets are different people."""

    def __init__(self, parts: Sequence[TrainingData]) -> None:
        self._parts = parts
        self._ends = np.cumsum([len(part) for part in parts])
        shifts = np.cumsum([0, *(int(part.labels.max()) + 1 for part in parts)])
        shifted = [part.labels + shift for part, shift in zip(parts, shifts, strict=False)]
        self.labels: NDArray[np.int64] = np.concatenate(shifted)

    def __len__(self) -> int:
        return len(self.labels)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Aligned pixels, uint8 RGB (H, W, 3)."""
        number = int(np.searchsorted(self._ends, index, side="right"))
        start = int(self._ends[number - 1]) if number else 0
        return self._parts[number].image(index - start)


class MaskedSubset:
    """The images of a set that a mask (bool (N,)) chooses, with labels of their own."""

    def __init__(self, whole: TrainingData, mask: NDArray[np.bool_]) -> None:
        self._whole, self._index = whole, np.flatnonzero(mask)
        self.labels: NDArray[np.int64] = classes(whole.labels[self._index])

    def __len__(self) -> int:
        return len(self._index)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Aligned pixels, uint8 RGB (H, W, 3)."""
        return self._whole.image(int(self._index[index]))
