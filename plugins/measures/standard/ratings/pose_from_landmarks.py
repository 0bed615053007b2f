"""The attributes ``pose-from-landmarks``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from harness.plugin.ratings import AttributeInfo, FaceAttributes, FaceBatch, pose_from_landmarks

from .edges import POSE


class PoseFromLandmarks(FaceAttributes):
    """Head pose by perspective-n-point on a mean face."""

    needs = frozenset({"landmarks"})

    @property
    def attributes(self) -> Mapping[str, AttributeInfo]:
        """Yaw, pitch and roll, with the signs of ``bfm``."""
        return POSE

    def describe(self, faces: FaceBatch) -> Mapping[str, NDArray[np.float64]]:
        """Degrees; NaN where there are no landmarks."""
        found = pose_from_landmarks(faces.landmarks)
        return {name: found[:, k] for k, name in enumerate(POSE)}
