"""The aligner: landmarks where they usually are in the box of a face; put your detector here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness import Aligner
from harness.align.templates import template_points
from harness.components import Placement


class AcmeOldAligner(Aligner):
    """A placement or the reason why there is none, for each image."""

    def locate(
        self, images: Sequence[NDArray[np.uint8]], boxes: NDArray[np.float32]
    ) -> list[Placement | str]:
        return [self._place(box) for box in boxes]

    def _place(self, box: NDArray[np.float32]) -> Placement | str:
        if not np.isfinite(box).all():
            return "no box says where the face is"
        corner, size = box[:2], box[2:] - box[:2]
        grown = size * (1 + 2 * self.params.margin)
        points = template_points("arcface", 112, 112) / 112 * grown + corner - (grown - size) / 2
        return Placement(points.astype(np.float32))
