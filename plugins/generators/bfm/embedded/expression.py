"""Expression: the jaw, and named motions of mouth, eyes and brows, in millimetres."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .fields import MOUTH_HALF, MOUTH_Y, Array, Reference, smoothstep

Part = float | Array


def _mode(r: Reference, dx: Part = 0.0, dy: Part = 0.0, dz: Part = 0.0) -> Array:
    return np.stack([np.broadcast_to(part, r.x.shape) for part in (dx, dy, dz)])


def jaw_opening(r: Reference) -> Array:
    """One millimetre of open mouth, float64 (3, vertices)."""
    below = smoothstep(0.25, -0.25, r.y - MOUTH_Y)
    lips = np.clip(1 - (r.ax / (MOUTH_HALF * 1.02)) ** 2, 0, 1) ** 0.55
    follows = (lips + (1 - lips) * smoothstep(MOUTH_Y, -62, r.y)) * smoothstep(86, 40, r.ax)
    jaw = follows * below * r.front * r.face
    return _mode(r, dy=-jaw, dz=-0.25 * jaw)


def expression_modes(r: Reference) -> Array:
    """Expression modes other than the jaw, float64 (modes, 3, vertices)."""
    groups = (_mouth_motion(r), _upper_motion(r), _uneven_motion(r))
    return np.stack([mode * r.front for group in groups for mode in group])


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
    yield _mode(r, dz=2.5 * smoothstep(-42, -65, r.y) * r.face)


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
    yield _mode(r, dx=3 * smoothstep(-35, -70, r.y) * r.face)
    yield _mode(r, dx=2.5 * r.spot(-42, 26, 12))
    yield _mode(r, dx=1.6 * r.pair(25, -41, 11, 9), dy=1.6 * uneven * r.pair(26, -40, 11, 10))
    yield _mode(r, dy=1.6 * uneven * r.pair(34, 51, 22, 12))
    closing = -0.1 * (r.y - 26.5) * (r.y > 26.5)
    yield _mode(r, dy=closing * r.pair(31.5, 31, 15, 7) * uneven)
