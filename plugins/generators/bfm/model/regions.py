"""Regions of a face for region maps: eyes, brows, nose, lips and ears, one label a triangle.

They follow from the landmarks every model has, so they need no file and fit any mesh.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .morphable import MorphableModel

NAMES = (
    "skin", "left eye", "right eye", "left brow", "right brow", "nose", "lips", "left ear",
    "right ear",
)  # fmt: skip
COLOURS = np.array(
    [[90, 90, 90], [255, 0, 0], [255, 128, 0], [255, 255, 0], [0, 255, 0], [0, 128, 255],
     [255, 0, 255], [0, 255, 255], [128, 0, 255]], np.uint8,
)  # fmt: skip

# Half axes of the regions' ellipses seen from the front, in distances between the pupils.
_EYE, _BROW, _NOSE, _LIPS = (0.27, 0.13), (0.33, 0.09), (0.3, 0.42), (0.46, 0.17)
_EAR = (0.28, 0.58, 0.36)
"""Of the ellipsoid about an ear, likewise."""


@dataclass(frozen=True)
class Regions:
    """``labels`` int (T,): the region of each triangle, a row of ``colours`` uint8 (K, 3)."""

    labels: NDArray[np.intp]
    colours: NDArray[np.uint8]


def face_regions(model: MorphableModel) -> Regions:
    """The regions ``NAMES`` of a model in ``COLOURS``, by its landmarks on the mean face.

    A model that names no landmark of its ears has skin there.
    """
    mean = (model.shape.mean + model.expression.mean).astype(np.float64)
    left, right, tip, chin, corner, other, bow, arch = (
        mean[:, vertex]
        for vertex in model.vertex(
            "left.eye.pupil.center",
            "right.eye.pupil.center",
            "center.nose.tip",
            "center.chin.tip",
            "left.lips.corner",
            "right.lips.corner",
            "left.eyebrow.bend.lower",
            "right.eyebrow.bend.lower",
        )
    )
    unit = float(np.linalg.norm(left - right))
    bridge = tip + 0.55 * ((left + right) / 2 - tip)
    middle = mean[:, model.triangles].mean(axis=1)
    # What is behind the plane of pupils and chin by a pupil distance is the back of the head.
    front = middle[2] > min(left[2], right[2], chin[2]) - unit
    labels = np.zeros(model.triangles.shape[1], np.intp)
    up = np.array([0.0, 0.03 * unit, 0.0])
    shapes = ((left, _EYE), (right, _EYE), (bow + up, _BROW), (arch + up, _BROW), (bridge, _NOSE))
    for label, (centre, half) in enumerate((*shapes, ((corner + other) / 2, _LIPS)), start=1):
        x, y = (middle[:2] - centre[:2, None]) / (unit * np.array(half)[:, None])
        labels[front & (x * x + y * y <= 1) & (labels == 0)] = label
    for label, side in enumerate(("left", "right"), start=1 + NAMES.index("lips")):
        ear = [v for name, v in model.landmarks.items() if name.startswith(f"{side}.ear.")]
        if ear:
            away = (middle - mean[:, ear].mean(axis=1, keepdims=True)).T / (unit * np.array(_EAR))
            labels[((away * away).sum(axis=1) <= 1) & (labels == 0)] = label
    return Regions(labels, COLOURS)
