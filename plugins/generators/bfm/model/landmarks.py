"""Named vertices of a face model: those the generator needs, and rules for what a file lacks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.files import read_json

from ..rendering.camera import BOX_LANDMARKS, CENTRE_LANDMARKS
from ..rendering.render import FIVE_LANDMARKS

Floats = NDArray[np.float32]

NEEDED = tuple(dict.fromkeys((*BOX_LANDMARKS, *CENTRE_LANDMARKS, *FIVE_LANDMARKS)))
"""Used by centring and by the five points of every image."""

SIDES = {"left.face.side": "left.ear.helix.outer", "right.face.side": "right.ear.helix.outer"}

FROM_NOSE_TIP_MM: Mapping[str, tuple[float, float, float]] = {
    "center.nose.tip": (0.0, 0.0, 0.0),
    "center.chin.tip": (0.0, -74.0, -28.0),
    "center.front.trichion": (0.0, 84.0, -26.0),
    "left.eye.pupil.center": (32.0, 37.0, -35.0),
    "left.eyebrow.bend.lower": (38.0, 50.0, -33.0),
    "left.nose.wing.tip": (18.0, -2.0, -20.0),
    "left.lips.corner": (25.0, -33.0, -26.0),
}
"""Where landmarks are on a mean face, from the nose tip; those of the right side are mirrored."""


def complete(found: Mapping[str, int], mean: Floats, path: Path) -> dict[str, int]:
    """Landmarks with the sides of the face: the ears, or the outermost vertices without them.

    ``mean`` is float32 (3, V). Raises ``DataError`` naming the file and what it lacks.
    """
    whole = dict(found)
    for side, ear in SIDES.items():
        outermost = int(np.argmax(mean[0]) if side.startswith("left") else np.argmin(mean[0]))
        whole.setdefault(side, found.get(ear, outermost))
    absent = sorted(set(NEEDED) - set(whole))
    if absent:
        raise DataError(
            f"{path} lacks the landmarks {', '.join(absent)}; add their vertices with "
            "landmarks_file"
        )
    return whole


def by_rule(mean: Floats) -> dict[str, int]:
    """Landmarks of a mean face (3, V) in millimetres that comes without any.

    The nose tip is the foremost vertex; the others are the vertices nearest to where they are on a
    mean face, some millimetres off the true place.
    """
    tip = mean[:, int(np.argmax(mean[2]))].astype(np.float64)
    tip[0] = 0.0
    places = dict(FROM_NOSE_TIP_MM)
    for name, (x, y, z) in FROM_NOSE_TIP_MM.items():
        if name.startswith("left."):
            places[name.replace("left.", "right.", 1)] = (-x, y, z)
    return {name: nearest(mean, tip + offset)[0] for name, offset in places.items()}


def nearest(points: Floats, place: object) -> tuple[int, float]:
    """The vertex of (3, V) nearest to a place, and how far it is."""
    distance = np.linalg.norm(points.T - np.asarray(place, np.float64), axis=1)
    vertex = int(np.argmin(distance))
    return vertex, float(distance[vertex])


def read_vertices(path: Path, vertices: int) -> dict[str, int]:
    """Landmarks from a JSON object of names and vertex numbers from 0.

    Raises ``DataError`` naming the file and the entry that is not a vertex of the model.
    """
    loaded = read_json(path)
    if not isinstance(loaded, dict) or not loaded:
        raise DataError(f"landmarks_file {path} holds no object of names and vertex numbers")
    for name, vertex in loaded.items():
        if type(vertex) is not int or not 0 <= vertex < vertices:
            raise DataError(
                f"landmarks_file {path}: {name} is {vertex!r}, no vertex from 0 to {vertices - 1}"
            )
    return loaded
