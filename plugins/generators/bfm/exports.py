"""Files that the published generator writes beside an image: ``.rps``, ``.csv`` and ``.tlms``."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .model.morphable import MorphableModel
from .rps import scene_json
from .scene import Scene

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_REACH_MM = 2.0
"""A landmark counts as visible this far behind the surface that is drawn at its pixel."""


def rps(scene: Scene) -> str:
    """The JSON text of version V4.0."""
    return json.dumps(scene_json(scene), indent=1) + "\n"


def csv(scene: Scene, ranks: tuple[int, int, int]) -> str:
    """One row: angles, shift, camera, coefficients and light; 536 columns at full rank.

    Yaw, pitch and roll in radians, translation, principal point, focal length, sensor, then shape,
    colour and expression padded with zeros to ``ranks``, then the 27 numbers of the light.
    """
    numbers = [scene.pose.yaw, scene.pose.pitch, scene.pose.roll, *scene.pose.translation]
    numbers += [*scene.principal, scene.focal, *scene.sensor]
    for values, rank in zip((scene.shape, scene.colour, scene.expression), ranks, strict=True):
        numbers += [*values, *([0.0] * (rank - len(values)))]
    numbers += scene.light.ravel().tolist()
    return ",".join(repr(float(number)) for number in numbers) + "\n"


def tlms(scene: Scene, model: MorphableModel, points: Floats) -> str:
    """A line a landmark: ``name visible x y`` in pixels, (0, 0) at the middle of the first one.

    ``points`` (3, V) is the face of the scene before it is posed. Visible is 1 within the image
    where the surface drawn at that pixel is no more than 2 mm in front.
    """
    seen = scene.seen(points.astype(np.float64))
    places = scene.camera().project(seen) - 0.5
    lines = []
    for name, vertex in sorted(model.landmarks.items()):
        x, y = places[:, vertex]
        column, row = round(float(x)), round(float(y))
        inside = 0 <= column < scene.width and 0 <= row < scene.height
        front = surface(places, seen[2], model.triangles, column, row) if inside else None
        visible = front is not None and seen[2, vertex] + _REACH_MM >= front
        lines.append(f"{name} {int(visible)} {x:.17g} {y:.17g}\n")
    return "".join(lines)


def surface(
    places: Doubles, z: Doubles, triangles: NDArray[np.int32], column: int, row: int
) -> float | None:
    """Camera z of the nearest triangle at the middle of a pixel; None where there is none.

    ``places`` (2, V) in pixels, ``z`` (V,) negative in front. Both sides of a triangle count.
    """
    corners = places[:, triangles]  # (2, 3, T)
    point = np.array([column, row], np.float64)[:, None]
    near = ((corners.min(axis=1) <= point) & (corners.max(axis=1) >= point)).all(axis=0)
    (ax, bx, cx), (ay, by, cy) = corners[:, :, near]
    px, py = point[:, 0]
    a = (bx - px) * (cy - py) - (cx - px) * (by - py)
    b = (cx - px) * (ay - py) - (ax - px) * (cy - py)
    c = (ax - px) * (by - py) - (bx - px) * (ay - py)
    whole = a + b + c
    covered = (whole != 0) & (a * whole >= 0) & (b * whole >= 0) & (c * whole >= 0)
    if not covered.any():
        return None
    weights = np.stack([a, b, c])[:, covered] / whole[covered]
    # Inverse depth is what is linear on the screen.
    inverse = (weights / z[triangles[:, near][:, covered]]).sum(axis=0)
    return float((1 / inverse).max())


SUFFIXES: Mapping[str, str] = {"rps": ".rps", "csv": ".csv", "tlms": ".tlms"}
