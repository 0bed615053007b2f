"""Smooth functions on the reference head, from which surface, paint and modes are made.

Lengths are millimetres. ``x`` and ``y`` are the reference position of a vertex on the undeformed
head, so that paint and modes address the same place whatever the relief there.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

EYE_X, EYE_Y = 31.5, 30.0
BROW_X, BROW_Y = 34.0, 48.5
MOUTH_Y, MOUTH_HALF = -42.0, 25.0


def gauss(x: Array, width: float | Array) -> Array:
    """Unnormalised Gaussian of one variable."""
    out: Array = np.exp(-0.5 * (x / width) ** 2)
    return out


def smoothstep(start: float, stop: float, x: Array) -> Array:
    """0 at ``start``, 1 at ``stop`` (either may be the larger), smooth between."""
    t = np.clip((x - start) / (stop - start), 0, 1)
    out: Array = t * t * (3 - 2 * t)
    return out


@dataclass(frozen=True)
class Reference:
    """Reference coordinates of every vertex, float64 (vertices,).

    ``angle`` runs around the head from 0 at the nose to plus and minus pi at the back; ``inner`` is
    1 on the strip of vertices that the mouth opens; ``head``, ``ear``, ``hair``, ``rim`` and
    ``lens`` are 1 on the vertices of that part; ``depth`` is the z coordinate of the template;
    ``across`` and ``along`` are coordinates within a part, in 0..1 (ear: from centre to edge and
    around it; others: unused).
    """

    x: Array
    y: Array
    depth: Array
    angle: Array
    inner: Array
    head: Array
    ear: Array
    hair: Array
    rim: Array
    lens: Array
    across: Array

    @classmethod
    def of_part(cls, part: str, x: Array, y: Array, angle: Array, **given: Array) -> Reference:
        """Coordinates of one part; whatever is not given is 0, and ``part`` itself 1."""
        values = {field.name: np.zeros_like(x) for field in fields(cls)}
        values |= {"x": x, "y": y, "angle": angle, part: np.ones_like(x)} | given
        return cls(**values)

    @classmethod
    def joined(cls, *parts: Reference) -> Reference:
        """The coordinates of all parts, one after the other."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})

    @cached_property
    def ax(self) -> Array:
        """Distance from the midline."""
        return np.abs(self.x)

    @cached_property
    def side(self) -> Array:
        """-1 right, +1 left, smooth across the midline."""
        return np.tanh(self.x / 1.5)

    @cached_property
    def turn(self) -> Array:
        """Angle from the nose, 0..pi."""
        return np.abs(self.angle)

    @cached_property
    def front(self) -> Array:
        """1 on the face, 0 behind the ears."""
        return smoothstep(1.75, 1.1, self.turn)

    @cached_property
    def face(self) -> Array:
        """1 above the lower edge of the jaw and the base of the skull, 0 on the neck."""
        return above_jaw(self.turn, self.y)

    def pair(self, cx: float, cy: float, sx: float, sy: float) -> Array:
        """Two Gaussian spots on the face, one on each side."""
        return gauss(self.ax - cx, sx) * gauss(self.y - cy, sy) * self.front

    def spot(self, cy: float, sx: float, sy: float) -> Array:
        """A Gaussian spot on the midline of the face."""
        return gauss(self.x, sx) * gauss(self.y - cy, sy) * self.front

    def nasolabial(self, width: float) -> Array:
        """The fold from nose wing to mouth corner."""
        line = 17 + (-14 - self.y) * 0.5
        ends = smoothstep(-50, -39, self.y) * smoothstep(-11, -18, self.y)
        return gauss(self.ax - line, width) * ends * self.front


_JAW_TURN = (0.0, 0.5, 0.9, 1.2, 1.5, 1.9, 2.4, np.pi)
_JAW_EDGE = (-93.0, -88.0, -77.0, -66.0, -54.0, -44.0, -46.0, -52.0)
_JAW_SOFT = (6.0, 6.0, 7.0, 8.0, 11.0, 18.0, 24.0, 26.0)


def above_jaw(turn: Array, y: Array) -> Array:
    """Blend from neck (0) to face and skull (1) at the lower edge of the jaw and the skull."""
    edge, soft = (np.interp(turn, _JAW_TURN, values) for values in (_JAW_EDGE, _JAW_SOFT))
    t = np.clip((y - edge) / soft * 0.5 + 0.5, 0, 1)
    out: Array = t * t * (3 - 2 * t)
    return out
