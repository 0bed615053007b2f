"""Several sets of images as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.components import Images


class ConcatenatedImages:
    """Implements :class:`harness.components.Images` on sets one after the other.

    ``sets`` is keyed by what is put before the names of each. A number in ``subjects`` is the same
    person in all of them; one set without subjects takes them from all. The template is the one
    that all have, else None.
    """

    def __init__(self, sets: Mapping[str, Images]) -> None:
        self._sets = list(sets.values())
        self._starts = np.cumsum([0, *map(len, self._sets)])
        self.names: Sequence[str] = [
            prefix + name for prefix, images in sets.items() for name in images.names
        ]
        self.landmarks: NDArray[np.float32] = np.concatenate([s.landmarks for s in self._sets])
        self.boxes: NDArray[np.float32] = np.concatenate([s.boxes for s in self._sets])
        templates = {images.template for images in self._sets}
        self.template = templates.pop() if len(templates) == 1 else None
        known = [images.subjects for images in self._sets if images.subjects is not None]
        self.subjects: NDArray[np.int64] | None = (
            np.concatenate(known) if len(known) == len(self._sets) else None
        )

    def __len__(self) -> int:
        return int(self._starts[-1])

    def read(self, index: int) -> bytes:
        """Encoded bytes of one image; raises DataError naming the file when it cannot be read."""
        number = int(np.searchsorted(self._starts, index, side="right")) - 1
        return self._sets[number].read(index - int(self._starts[number]))
