"""A synthetic morphable model of any size for measurements: a smooth head with dense random modes.

It is not a face anybody should train on. What counts is that it has the vertices, triangles and
ranks of a real model, that no mode is zero anywhere, and that nose and brows hide what is behind.
"""

from __future__ import annotations

import numpy as np

from harness_plugins.generators.bfm.model.morphable import Modes, MorphableModel
from harness_plugins.generators.bfm.rendering.camera import BOX_LANDMARKS, CENTRE_LANDMARKS
from harness_plugins.generators.bfm.rendering.render import FIVE_LANDMARKS

SHAPE_MM, EXPRESSION_MM, COLOUR = 0.4, 0.25, 0.012
PLACES = {  # millimetres seen from the front, of the subject's left side
    "eye.pupil.center": (32, 30),
    "lips.corner": (25, -42),
    "face.side": (80, 0),
    "eyebrow.bend.lower": (38, 46),
    "nose.wing.tip": (15, -13),
    "center.nose.tip": (0, -5),
    "center.front.trichion": (0, 85),
    "center.chin.tip": (0, -75),
}


def head_model(vertices: int, ranks: tuple[int, int, int] = (199, 199, 100)) -> MorphableModel:
    """A model with exactly ``vertices`` vertices and the given ranks, the same every time."""
    points, triangles = _surface(vertices)
    rng = np.random.default_rng(0)
    shape, colour, expression = ranks
    skin = np.array([[0.75], [0.55], [0.45]]) * np.ones((1, vertices))
    return MorphableModel(
        shape=_modes(points, points, shape, SHAPE_MM, rng),
        colour=_modes(skin, points, colour, COLOUR, rng),
        expression=_modes(np.zeros_like(points), points, expression, EXPRESSION_MM, rng),
        triangles=triangles,
        landmarks=_landmarks(points),
    )


def _surface(vertices: int):
    """Points (3, vertices) and counter-clockwise cells of an open head with a nose and brows."""
    columns = int(np.ceil(np.sqrt(vertices * 1.3)))
    rows = -(-vertices // columns)
    angle, height = np.meshgrid(
        np.linspace(-2.1, 2.1, columns), np.linspace(0.97, -0.97, rows), indexing="xy"
    )
    ring = np.sqrt(1 - height**4)
    x, y = 80 * ring * np.sin(angle), 130 * height
    z = 95 * ring * np.cos(angle)
    front = np.cos(angle).clip(0)
    z = z + front * 26 * np.exp(-((x / 11) ** 2) - ((y + 5) / 16) ** 2)
    z = z + front * 6 * np.exp(-(((np.abs(x) - 30) / 22) ** 2) - ((y - 46) / 8) ** 2)
    z = z - front * 8 * np.exp(-(((np.abs(x) - 32) / 14) ** 2) - ((y - 30) / 9) ** 2)
    points = np.stack([x, y, z]).reshape(3, -1)[:, :vertices]
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    right, below = corner + 1, corner + columns
    cells = np.concatenate([[corner, below, below + 1], [corner, below + 1, right]], axis=1)
    cells = cells[:, (cells < vertices).all(axis=0)]
    return points, np.ascontiguousarray(cells, np.int32)


def _modes(mean, points, rank, std, rng) -> Modes:
    """Plane waves of random direction and wavelength, none of them zero on a whole region."""
    basis = np.empty((rank, *mean.shape), np.float32)
    for k in range(rank):
        wave = rng.normal(0, 1 / 25, 3) @ points + rng.uniform(0, 2 * np.pi)
        basis[k] = std * rng.standard_normal((3, 1)) * np.cos(wave)
    return Modes.of(mean, basis)


def _landmarks(points) -> dict[str, int]:
    found = {}
    for name in {*FIVE_LANDMARKS, *BOX_LANDMARKS, *CENTRE_LANDMARKS}:
        side, _, rest = name.partition(".")
        x, y = PLACES[name] if name in PLACES else PLACES[rest]
        x = -x if side == "right" else x
        gap = (points[0] - x) ** 2 + (points[1] - y) ** 2 + 1e6 * (points[2] < 0)
        found[name] = int(np.argmin(gap))
    return found
