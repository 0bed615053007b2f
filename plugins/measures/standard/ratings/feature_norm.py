"""The quality ``feature-norm``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.plugin.measures import MetricInfo
from harness.plugin.ratings import FaceBatch, FaceQuality


class FeatureNorm(FaceQuality):
    """The Euclidean length of the raw embedding."""

    needs = frozenset({"embeddings"})
    metric: ClassVar = MetricInfo("length of the raw embedding", 0, None, "high")

    def rate(self, faces: FaceBatch) -> NDArray[np.float64]:
        """Length of each embedding; NaN where there is none."""
        return np.asarray(np.linalg.norm(faces.vectors.astype(np.float64), axis=1))
