"""The attributes ``stated-attributes``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from harness.plugin.ratings import AttributeInfo, FaceAttributes, FaceBatch

from .edges import POSE, steps

_INFO = POSE | {
    "age": AttributeInfo("age in years", "years", edges=steps(0, 100, 10)),
    "occlusion": AttributeInfo("share of the face box that is covered", edges=steps(0, 1, 10)),
    "resolution_px": AttributeInfo("width of the image before it was enlarged", "pixels"),
}


class StatedAttributes(FaceAttributes):
    """What the generator of a set states of each image."""

    needs = frozenset({"stated"})

    @property
    def attributes(self) -> Mapping[str, AttributeInfo]:
        """Pose, age, occlusion and resolution; a set may state none of them."""
        return _INFO

    def describe(self, faces: FaceBatch) -> Mapping[str, NDArray[np.float64]]:
        """NaN where nothing is stated."""
        stated = faces.stated or [{}] * len(faces)
        return {name: np.array([_number(one.get(name)) for one in stated], np.float64)
                for name in _INFO}  # fmt: skip


def _number(value: object) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known else np.nan  # type: ignore[arg-type]
