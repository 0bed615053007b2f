"""The embedded morphable model: a procedural head with named and Gaussian-process modes.

It needs no download and carries no scan data. Modes are independent Gaussian directions scaled to
one standard deviation; they are not orthogonal, unlike those of a model learnt from scans.
"""

from __future__ import annotations

import numpy as np

from harness.plugin import stream

from ..model.morphable import Modes, MorphableModel
from . import gp
from .colour import colour_modes, mean_colour, strands
from .ears import ears
from .expression import expression_modes, jaw_opening
from .fields import Array, Reference, gauss, smoothstep
from .glasses import glasses
from .hair import cuts, hair
from .head import head
from .landmarks import landmarks
from .paint import masks
from .shape import shape_modes
from .styles import styles

REVISION = 2
"""Enters the key of the stored model: raise it when the model changes."""

_SHAPE_RANK, _COLOUR_RANK, _EXPRESSION_RANK = 199, 199, 100
# The larger these, the less similar are two people; faces stay human at three standard deviations.
_NAMED_STD = 1.12
_SHAPE_SCALES = ((70, 2.3), (38, 1.7), (20, 1.1), (11, 0.5))
_COLOUR_SCALES = ((45, 0.028), (18, 0.024), (7, 0.021))
_MOTION_SCALES = ((22, 0.5), (12, 0.3))
_JAW_STD, _JAW_MEAN = 2.0, 1.0


def build() -> MorphableModel:
    """Make the model; some seconds, the same every time."""
    parts = _Parts()
    reference, points = parts.reference, parts.points
    painted = masks(reference)
    shape = _filled(
        _NAMED_STD * np.stack(list(shape_modes(reference).values())),
        _smooth_shape(points, reference),
        _SHAPE_RANK,
    )
    colour = _filled(
        np.concatenate(
            [
                colour_modes(painted),
                strands(painted, reference.angle, reference.y, _stream("strands"), 6),
            ]
        ),
        _smooth_colour(points, painted["skin"]),
        _COLOUR_RANK,
    )
    jaw = jaw_opening(reference)
    expression = _filled(
        np.concatenate([_JAW_STD * jaw[None], expression_modes(reference)]),
        _smooth_motion(points, reference),
        _EXPRESSION_RANK,
    )
    return MorphableModel(
        shape=Modes.of(points.T, _without_pose(shape, points, reference)),
        colour=Modes.of(mean_colour(painted), colour),
        expression=Modes.of(_JAW_MEAN * jaw, expression),
        triangles=np.ascontiguousarray(parts.triangles.T, np.int32),
        landmarks=landmarks(reference, points),
        styles=styles(parts.cuts, parts.rims, parts.lenses, painted),
    )


class _Parts:
    """Head, ears, hair and glasses as one mesh."""

    def __init__(self) -> None:
        head_points, head_cells, head_place = head()
        ear_points, ear_cells, ear_place = ears()
        hair_points, outward, hair_cells, hair_place = hair()
        glass_points, rims, lenses, glass_cells, glass_place = glasses()
        blocks = [head_points, ear_points, hair_points, glass_points]
        starts = np.cumsum([0, *(len(block) for block in blocks)])
        cells = [head_cells, ear_cells, hair_cells, glass_cells]
        self.points = np.concatenate(blocks)
        self.triangles = np.concatenate(
            [cell + start for cell, start in zip(cells, starts[:-1], strict=True)]
        )
        self.reference = Reference.joined(head_place, ear_place, hair_place, glass_place)
        spread = np.zeros_like(self.points)
        spread[starts[2] : starts[3]] = outward
        self.cuts = cuts(self.reference, spread, _stream("hair"))
        self.rims, self.lenses = (np.zeros((3, len(self.points))) for _ in range(2))
        self.rims[:, starts[3] :] = rims.T
        self.lenses[:, starts[3] :] = lenses.T


def _stream(what: str) -> np.random.Generator:
    return stream(0, "bfm", "embedded", what)


def _filled(named: Array, smooth: Array, rank: int) -> Array:
    """The named modes and as many smooth ones as make up the rank."""
    return np.concatenate([named, smooth[: rank - len(named)]])


def _smooth_shape(points: Array, reference: Reference) -> Array:
    rng = _stream("shape")
    anchor = _anchors(points, reference)
    even, odd = gp.modes(anchor, _SHAPE_SCALES, (46, 46), rng)
    return _interleaved(
        _along(even, (0, 0.8, 0)),
        _along(even, (0, 0, 1.0)),
        _along(odd, (0.8, 0, 0)),
        # Odd motion up and forward makes a face uneven: weak.
        _along(odd[:10], (0, 0.22, 0)),
        _along(odd[:10], (0, 0, 0.22)),
    )


def _anchors(points: Array, reference: Reference) -> Array:
    """Where a vertex samples the smooth modes: hair and glasses move with the head below them."""
    away = (reference.hair + reference.rim + reference.lens)[:, None]
    below = np.stack([reference.x, reference.y, reference.depth], axis=1)
    return np.asarray(away * below + (1 - away) * points)


def _smooth_colour(points: Array, skin: Array) -> Array:
    rng = _stream("colour")
    even, odd = (skin * found for found in gp.modes(points, _COLOUR_SCALES, (80, 45), rng))
    return _interleaved(
        _along(even, (0.95, 1.0, 1.0)),
        _along(odd, (0.65, 0.68, 0.68)),
        _along(even[:31], (0.35, -0.2, -0.2)),
    )


def _smooth_motion(points: Array, reference: Reference) -> Array:
    rng = _stream("motion")
    window = 1.0 * gauss(reference.ax - 15, 26) * gauss(reference.y + 42, 20)
    window += 0.7 * gauss(reference.ax - 32, 20) * gauss(reference.y - 36, 16)
    window = window * reference.front
    even, odd = (window * found for found in gp.modes(points, _MOTION_SCALES, (30, 30), rng))
    return _interleaved(_along(even, (0, 1, 0)), _along(even, (0, 0, 1)), _along(odd, (1, 0, 0)))


def _along(scalar: Array, direction: tuple[float, float, float]) -> Array:
    moved: Array = scalar[:, None, :] * np.array(direction)[None, :, None]
    return moved


def _interleaved(*groups: Array) -> Array:
    """The first mode of every group, then the second of every group, and so on."""
    order = sorted((i, g) for g, group in enumerate(groups) for i in range(len(group)))
    return np.stack([groups[g][i] for i, g in order])


def _without_pose(modes: Array, points: Array, reference: Reference) -> Array:
    """Modes without their share of translation, rotation and scale of the face.

    Otherwise a part of "who" would be a part of "how the head is held".
    """
    weight = smoothstep(1.6, 1.0, reference.turn) * reference.head * reference.face
    centred = points - (points * weight[:, None]).sum(axis=0) / weight.sum()
    # Folded glasses are elsewhere than they are worn.
    place = np.stack([reference.x, reference.y, reference.depth], axis=1)
    folded = (reference.rim + reference.lens)[:, None]
    centred = centred * (1 - folded) + folded * (
        place - (points * weight[:, None]).sum(axis=0) / weight.sum()
    )
    rigid = np.concatenate([_translations(len(points)), _rotations(centred), centred.T[None]])
    rigid, flat = rigid.reshape(7, -1), modes.reshape(len(modes), -1)
    weighted = rigid * np.tile(weight, 3)
    share = np.linalg.solve(weighted @ rigid.T, weighted @ flat.T)
    out: Array = (flat - share.T @ rigid).reshape(modes.shape)
    return out


def _translations(count: int) -> Array:
    return np.repeat(np.eye(3)[:, :, None], count, axis=2)


def _rotations(centred: Array) -> Array:
    out = np.zeros((3, 3, len(centred)))
    for turn, (i, j) in enumerate(((0, 1), (1, 2), (0, 2))):
        out[turn, i], out[turn, j] = -centred[:, j], centred[:, i]
    return out
