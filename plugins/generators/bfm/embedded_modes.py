"""Named modes of shape and expression: windows times small motions, in millimetres.

Vertices carry the paint, so moving an eye or a mouth corner moves what is painted there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .embedded_fields import MOUTH_HALF, MOUTH_Y, Array, Reference, gauss, smoothstep

Part = float | Array


def _mode(r: Reference, dx: Part = 0.0, dy: Part = 0.0, dz: Part = 0.0) -> Array:
    return np.stack([np.broadcast_to(part, r.x.shape) for part in (dx, dy, dz)])


def shape_modes(r: Reference, depth: Array) -> Array:
    """Identity modes, one standard deviation each, float64 (modes, 3, vertices).

    ``depth`` is the z coordinate of the template.
    """
    groups = (_head(r, depth), _chin(r), _cheeks(r), _nose(r), _eyes(r), _brows(r), _mouth(r))
    return np.stack([mode for group in groups for mode in group])


def _head(r: Reference, depth: Array) -> Iterator[Array]:
    x, y = r.x, r.y
    yield _mode(r, dx=0.055 * x)
    yield _mode(r, dy=0.055 * (y - 10))
    yield _mode(r, dz=0.05 * depth)
    yield _mode(r, dx=0.06 * x * np.tanh((y - 5) / 40))
    yield _mode(r, dx=0.13 * x * gauss(y + 62, 30))
    yield _mode(r, dx=-0.16 * x * gauss(y + 85, 18))
    yield _mode(r, dx=0.05 * x * gauss(y - 60, 22))
    yield _mode(r, dy=-6 * smoothstep(-5, -85, y))
    yield _mode(r, dy=-4.5 * smoothstep(25, -18, y))
    yield _mode(r, dy=6 * smoothstep(50, 95, y))
    yield _mode(r, dz=-7 * smoothstep(52, 105, y))
    yield _mode(r, dz=6 * gauss(y + 10, 40) * r.front)


def _chin(r: Reference) -> Iterator[Array]:
    yield _mode(r, dz=6.5 * r.spot(-75, 22, 15))
    yield _mode(r, dy=-5 * r.spot(-80, 30, 18))
    yield _mode(r, dx=4.5 * r.side * r.pair(14, -76, 10, 13))
    yield _mode(r, dz=-2.2 * r.spot(-74, 3.2, 8))


def _cheeks(r: Reference) -> Iterator[Array]:
    yield _mode(r, dx=4 * r.side * r.pair(54, 12, 17, 15), dz=3 * r.pair(48, 10, 16, 14))
    yield _mode(r, dx=5.5 * r.side * r.pair(52, -28, 18, 22), dz=3 * r.pair(40, -25, 17, 20))
    yield _mode(r, dx=4.5 * r.side * r.pair(56, -58, 16, 14))
    yield _mode(r, dz=-1.8 * r.nasolabial(5))


def _nose(r: Reference) -> Iterator[Array]:
    x = r.x
    yield _mode(r, dy=-4.8 * r.spot(-12, 17, 12) - 2 * r.spot(-25, 17, 8))
    yield _mode(r, dx=0.20 * x * r.spot(-12, 17, 11))
    yield _mode(r, dx=2 * r.side * r.pair(14, -13, 6, 6), dz=1.2 * r.pair(14, -13, 5, 5))
    yield _mode(r, dx=0.25 * x * r.spot(20, 11, 20))
    yield _mode(r, dz=3.6 * r.spot(22, 8, 18))
    yield _mode(r, dz=2.6 * r.spot(14, 7, 8))
    yield _mode(r, dz=4.2 * r.spot(-9, 12, 10))
    yield _mode(r, dy=3.2 * r.spot(-10, 10, 8), dz=0.8 * r.spot(-12, 9, 6))
    yield _mode(r, dx=0.22 * x * r.spot(-8, 10, 7), dz=1.2 * r.spot(-6, 10, 6))
    yield _mode(r, dz=-3 * r.spot(36, 9, 8))


def _eyes(r: Reference) -> Iterator[Array]:
    out, up, side = r.ax - 31.5, r.y - 30, r.side
    around = r.pair(31.5, 30, 14, 9)
    yield _mode(r, dx=2.7 * side * r.pair(31, 30, 15, 15))
    yield _mode(r, dx=0.11 * out * side * around, dy=0.17 * up * around)
    yield _mode(r, dy=0.25 * up * r.pair(31.5, 30, 13, 6.5))
    yield _mode(r, dx=0.12 * out * side * around)
    yield _mode(
        r,
        dx=-0.115 * up * side * r.pair(32, 30, 15, 9),
        dy=0.115 * out * r.pair(32, 30, 15, 11),
    )
    yield _mode(r, dy=3 * r.pair(31, 32, 20, 16))
    yield _mode(r, dz=-3 * r.pair(30, 31, 15, 11))
    yield _mode(r, dy=-1.6 * r.pair(33, 40, 14, 4), dz=1.2 * r.pair(33, 38, 14, 4))
    yield _mode(r, dz=1.5 * r.pair(29, 18, 10, 4))


def _brows(r: Reference) -> Iterator[Array]:
    out, up, side = r.ax - 34, r.y - 49, r.side
    yield _mode(r, dy=3.4 * r.pair(34, 49, 20, 8))
    yield _mode(r, dz=3.4 * r.pair(26, 47, 22, 8))
    yield _mode(r, dy=0.15 * out * r.pair(34, 49, 20, 8))
    yield _mode(r, dy=2.4 * r.pair(38, 49, 8, 7) - 1.6 * r.pair(18, 48, 8, 7))
    yield _mode(r, dy=0.26 * up * r.pair(34, 49, 20, 6))
    yield _mode(r, dx=0.11 * (out + 2) * side * r.pair(34, 49, 22, 7))
    yield _mode(r, dz=2 * r.spot(46, 9, 9))


def _mouth(r: Reference) -> Iterator[Array]:
    yield _mode(r, dx=0.13 * r.x * r.spot(-42, 27, 11))
    yield _mode(r, dy=3.3 * r.spot(-42, 30, 13))
    yield _mode(
        r, dy=2 * r.spot(-34.5, 20, 3.6) - 0.3 * r.spot(-42, 22, 3), dz=1.3 * r.spot(-38, 17, 4)
    )
    yield _mode(r, dy=-2.5 * r.spot(-52, 18, 4.5), dz=1.5 * r.spot(-48, 17, 5))
    yield _mode(r, dz=3 * r.spot(-43, 22, 11))
    yield _mode(r, dy=2 * r.pair(24, -42, 7, 6))
    yield _mode(r, dy=1.2 * r.pair(5, -34.5, 3.5, 3) - 1.2 * r.spot(-34.5, 2.4, 3))
    yield _mode(r, dz=-1.1 * r.spot(-29, 3, 6) + 0.6 * r.pair(5, -29, 2.5, 6))
    yield _mode(r, dz=2.2 * r.spot(-36, 24, 7) - 1.5 * r.spot(-50, 22, 7))
    yield _mode(r, dz=-2 * r.spot(-58, 17, 5))


def jaw_opening(r: Reference) -> Array:
    """One millimetre of open mouth, float64 (3, vertices)."""
    below = smoothstep(0.25, -0.25, r.y - MOUTH_Y)
    lips = np.clip(1 - (r.ax / (MOUTH_HALF * 1.02)) ** 2, 0, 1) ** 0.55
    follows = (lips + (1 - lips) * smoothstep(MOUTH_Y, -62, r.y)) * smoothstep(86, 40, r.ax)
    jaw = follows * below
    return _mode(r, dy=-jaw, dz=-0.25 * jaw)


def expression_modes(r: Reference) -> Array:
    """Expression modes other than the jaw, float64 (modes, 3, vertices)."""
    groups = (_mouth_motion(r), _upper_motion(r), _uneven_motion(r))
    return np.stack([mode for group in groups for mode in group])


def _mouth_motion(r: Reference) -> Iterator[Array]:
    x, side, up = r.x, r.side, r.y - MOUTH_Y
    above, below = up > -0.1, smoothstep(0.25, -0.25, up)
    yield _mode(
        r,
        dx=3.4 * side * r.pair(25, -41, 11, 9),
        dy=3 * r.pair(26, -40, 10, 10) - 0.6 * r.spot(-42, 12, 8),
        dz=-1.5 * r.pair(24, -41, 8, 8) + 1.6 * r.pair(44, -2, 14, 12),
    )
    yield _mode(r, dy=-2.6 * r.pair(24, -43, 8, 8) + 0.6 * r.spot(-42, 10, 5))
    yield _mode(r, dx=-0.16 * x * r.spot(-42, 24, 12), dz=2.5 * r.spot(-42, 16, 11))
    yield _mode(r, dy=1.2 * r.spot(-37, 16, 5) * above, dz=0.4 * r.spot(-37, 16, 5))
    yield _mode(r, dy=-1.2 * r.spot(-48, 17, 6) * below)
    yield _mode(r, dx=3 * r.side * r.pair(46, -35, 14, 14), dz=3 * r.pair(38, -35, 14, 14))
    yield _mode(r, dy=-0.15 * up * r.spot(-42, 24, 7))
    yield _mode(r, dz=2.5 * smoothstep(-42, -65, r.y) * r.front)


def _upper_motion(r: Reference) -> Iterator[Array]:
    y, side = r.y, r.side
    yield _mode(r, dy=3.0 * r.pair(34, 52, 22, 13))
    yield _mode(r, dy=2.5 * r.pair(17, 49, 10, 10))
    yield _mode(r, dx=-1.6 * side * r.pair(20, 48, 10, 9), dy=-2.4 * r.pair(26, 48, 20, 10))
    yield _mode(r, dy=-0.22 * (y - 26.5) * r.pair(31.5, 31, 15, 7) * (y > 26.5))
    yield _mode(r, dy=2 * r.pair(31, 21, 14, 6) - r.pair(32, 37, 14, 5))
    yield _mode(r, dy=1.8 * r.pair(14, -5, 9, 12))


def _uneven_motion(r: Reference) -> Iterator[Array]:
    uneven = np.tanh(r.x / 8)
    yield _mode(r, dx=3 * smoothstep(-35, -70, r.y))
    yield _mode(r, dx=2.5 * r.spot(-42, 26, 12))
    yield _mode(r, dx=1.6 * r.pair(25, -41, 11, 9), dy=1.6 * uneven * r.pair(26, -40, 11, 10))
    yield _mode(r, dy=1.6 * uneven * r.pair(34, 51, 22, 12))
    closing = -0.1 * (r.y - 26.5) * (r.y > 26.5)
    yield _mode(r, dy=closing * r.pair(31.5, 31, 15, 7) * uneven)
