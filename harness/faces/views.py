"""A choice of the images of a set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.components import Images
from harness.faces.face import MetaValue


class Subset:
    """Chosen rows of an image set, themselves :class:`harness.components.Images`."""

    def __init__(self, images: Images, rows: NDArray[np.intp]) -> None:
        self._images, self._rows = images, rows
        self.names: Sequence[str] = [images.names[int(row)] for row in rows]
        self.landmarks, self.boxes = images.landmarks[rows], images.boxes[rows]
        self.template = images.template
        self.subjects = None if images.subjects is None else images.subjects[rows]

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, index: int) -> bytes:
        """Encoded bytes of one image."""
        return self._images.read(int(self._rows[index]))

    def meta(self, index: int) -> Mapping[str, MetaValue]:
        """What is stated of one image; empty for a set that keeps nothing beside its images."""
        of_set = getattr(self._images, "meta", None)
        return {} if of_set is None else of_set(int(self._rows[index]))
