"""The attributes ``pixel-statistics``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from harness.plugin.measures import NAMES, image_statistics
from harness.plugin.ratings import AttributeInfo, FaceAttributes, FaceBatch

from .edges import steps

_BINS = {
    "brightness": steps(0, 255, 16),
    "contrast": steps(0, 128, 16),
    "sharpness": steps(0, 4000, 16),
    "colourfulness": steps(0, 128, 16),
    "saturation": steps(0, 1, 16),
}
_INFO = {name: AttributeInfo(f"{name} of the image", edges=_BINS[name]) for name in NAMES}


class PixelStatistics(FaceAttributes):
    """Simple numbers of the pixels."""

    @property
    def attributes(self) -> Mapping[str, AttributeInfo]:
        """Brightness, contrast, sharpness, colourfulness and saturation."""
        return _INFO

    def describe(self, faces: FaceBatch) -> Mapping[str, NDArray[np.float64]]:
        """Of the whole image each."""
        found = np.array([image_statistics(image) for image in faces.images], np.float64)
        found = found.reshape(-1, len(NAMES))
        return {name: found[:, k] for k, name in enumerate(NAMES)}
