"""The embedded morphable model: our own template with named and Gaussian-process modes.

It needs no download and carries no scan data. Modes are independent Gaussian directions scaled to
one standard deviation; they are not orthogonal, unlike those of a model learnt from scans.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.seeds import stream

from . import embedded_gp as gp
from .embedded_colour import colour_modes, masks, mean_colour
from .embedded_fields import Array, Reference, smoothstep
from .embedded_modes import expression_modes, jaw_opening, shape_modes
from .embedded_shape import landmarks, template
from .morphable import Modes, MorphableModel

REVISION = 1
"""Enters the key of the stored model: raise it when the model changes."""

_SHAPE_SCALES = ((70, 2.2), (38, 1.5), (20, 0.9), (11, 0.4))
_COLOUR_SCALES = ((45, 0.022), (18, 0.018), (7, 0.016))
_SPOT_SCALES = ((25, 0.012), (6, 0.014))
_JAW_STD, _JAW_MEAN = 2.0, 3.0


def build() -> MorphableModel:
    """Make the model; some seconds, the same every time."""
    points, triangles, reference = template()
    painted = masks(reference)
    shape = np.concatenate([shape_modes(reference, points[:, 2]), _smooth_shape(points)])
    shape = _without_pose(shape, points, reference)
    colour = np.concatenate([colour_modes(painted), _smooth_colour(points, painted["skin"])])
    jaw = jaw_opening(reference)
    expression = np.concatenate([_JAW_STD * jaw[None], expression_modes(reference)])
    return MorphableModel(
        shape=_modes(points.T, shape),
        colour=_modes(mean_colour(painted), colour),
        expression=_modes(_JAW_MEAN * jaw, expression),
        triangles=np.ascontiguousarray(triangles.T, np.int32),
        landmarks=landmarks(reference),
    )


def _modes(mean: Array, basis: Array) -> Modes:
    return Modes(np.ascontiguousarray(mean, np.float32), np.ascontiguousarray(basis, np.float32))


def _smooth_shape(points: Array) -> Array:
    rng = stream(0, "bfm", "embedded", "shape")
    even = gp.modes(points, _SHAPE_SCALES, 36, rng)
    odd = gp.modes(points, _SHAPE_SCALES, 30, rng, odd=True)
    groups = [
        _along(odd, (0.8, 0, 0)),
        _along(even, (0, 0.8, 0)),
        _along(even, (0, 0, 1.0)),
        # Odd motion up and forward makes a face uneven: weak.
        _along(odd[:10], (0, 0.22, 0)),
        _along(odd[:10], (0, 0, 0.22)),
    ]
    return np.concatenate(groups)


def _smooth_colour(points: Array, skin: Array) -> Array:
    rng = stream(0, "bfm", "embedded", "colour")
    even = skin * gp.modes(points, _COLOUR_SCALES, 60, rng, support=1000)
    odd = skin * gp.modes(points, _SPOT_SCALES, 24, rng, odd=True)
    groups = [
        _along(even, (0.9, 1.0, 1.0)),
        _along(even[:20], (0.3, -0.2, -0.2)),
        _along(odd, (1.0, 1.05, 1.05)),
    ]
    return np.concatenate(groups)


def _along(scalar: Array, direction: tuple[float, float, float]) -> Array:
    return scalar[:, None, :] * np.array(direction)[None, :, None]


def _without_pose(modes: Array, points: Array, reference: Reference) -> Array:
    """Modes without their share of translation, rotation and scale of the face.

    Otherwise a part of "who" would be a part of "how the head is held".
    """
    weight = smoothstep(1.6, 1.0, np.abs(reference.angle))
    centred = points - (points * weight[:, None]).sum(axis=0) / weight.sum()
    rigid = np.concatenate([_translations(len(points)), _rotations(centred), centred.T[None]])
    rigid, flat = rigid.reshape(7, -1), modes.reshape(len(modes), -1)
    weighted = rigid * np.tile(weight, 3)
    share = np.linalg.solve(weighted @ rigid.T, weighted @ flat.T)
    out: Array = (flat - share.T @ rigid).reshape(modes.shape)
    return out


def _translations(count: int) -> Array:
    return np.repeat(np.eye(3)[:, :, None], count, axis=2)


def _rotations(centred: NDArray[np.float64]) -> Array:
    out = np.zeros((3, 3, len(centred)))
    for turn, (i, j) in enumerate(((0, 1), (1, 2), (0, 2))):
        out[turn, i], out[turn, j] = -centred[:, j], centred[:, i]
    return out
