"""Smooth functions on the reference face, from which template, paint and modes are made.

Lengths are millimetres. ``x`` and ``y`` are the reference position of a vertex on the undeformed
head, so that paint and modes address the same place whatever the relief there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

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

    ``angle`` runs around the head from 0 at the nose; ``inner`` is 1 on the strip of vertices that
    the mouth opens; ``mirror`` is the vertex on the other side.
    """

    x: Array
    y: Array
    angle: Array
    inner: Array
    mirror: NDArray[np.int64]

    @property
    def ax(self) -> Array:
        """Distance from the midline."""
        return np.abs(self.x)

    @property
    def side(self) -> Array:
        """-1 right, +1 left, smooth across the midline."""
        return np.tanh(self.x / 1.5)

    @property
    def front(self) -> Array:
        """1 on the face, 0 behind the ears."""
        return smoothstep(1.75, 1.1, np.abs(self.angle))

    def pair(self, cx: float, cy: float, sx: float, sy: float) -> Array:
        """Two Gaussian spots, one on each side."""
        return gauss(self.ax - cx, sx) * gauss(self.y - cy, sy)

    def spot(self, cy: float, sx: float, sy: float) -> Array:
        """A Gaussian spot on the midline."""
        return gauss(self.x, sx) * gauss(self.y - cy, sy)

    def nasolabial(self, width: float) -> Array:
        """The fold from nose wing to mouth corner."""
        line = 17 + (-14 - self.y) * 0.5
        ends = smoothstep(-50, -39, self.y) * smoothstep(-11, -18, self.y)
        return gauss(self.ax - line, width) * ends
