"""Two ears: a shell behind the cheek with rim, fold and bowl, closed against the head."""

from __future__ import annotations

import numpy as np

from .fields import Array, Ints, Reference, gauss, smoothstep

_RINGS, _SPOKES = 15, 36
_BACK_RINGS = 4
_PROTRUSION, _LEAN = 0.50, 0.20
_ATTACH = np.array([75.5, 20.0, -9.0])
_ANGLE = 1.68


def ears() -> tuple[Array, Ints, Reference]:
    """Vertices (N, 3), triangles (T, 3) and reference coordinates; left ear first."""
    points, across = _left()
    triangles = _triangles()
    mirrored = points * np.array([-1.0, 1.0, 1.0])
    both = np.concatenate([points, mirrored])
    angle = np.repeat([_ANGLE, -_ANGLE], len(points))
    reference = Reference.of_part(
        "ear",
        np.ascontiguousarray(both[:, 0]),
        np.ascontiguousarray(both[:, 1]),
        angle,
        depth=np.ascontiguousarray(both[:, 2]),
        across=np.tile(across, 2),
    )
    return both, np.concatenate([triangles, triangles[:, ::-1] + len(points)]), reference


def _left() -> tuple[Array, Array]:
    rings = np.linspace(0, 1, _RINGS)
    spokes = np.linspace(0, 2 * np.pi, _SPOKES, endpoint=False)
    t, around = (values.ravel() for values in np.meshgrid(rings, spokes, indexing="ij"))
    q, p, height = _plane(t, around)
    back_t = np.linspace(0.98, 0.62, _BACK_RINGS)
    tb, ab = (values.ravel() for values in np.meshgrid(back_t, spokes, indexing="ij"))
    qb, pb, _ = _plane(tb, ab)
    sink = np.repeat(np.linspace(-3.5, -15, _BACK_RINGS), _SPOKES)
    q, p = np.concatenate([q, qb]), np.concatenate([p, pb])
    height = np.concatenate([height, sink])
    outward = np.array([np.cos(_PROTRUSION), 0.0, np.sin(_PROTRUSION)])
    backward = np.array([np.sin(_PROTRUSION), 0.0, -np.cos(_PROTRUSION)])
    upward = np.array([0.0, np.cos(_LEAN), 0.0])
    lean = -np.sin(_LEAN)
    points = _ATTACH + (
        q[:, None] * backward + p[:, None] * (upward - lean * backward) + height[:, None] * outward
    )
    return points, np.concatenate([t, np.ones_like(tb)])


def _plane(t: Array, around: Array) -> tuple[Array, Array, Array]:
    """Position in the plane of the ear (backward, upward) and relief, millimetres."""
    up, back = np.sin(around), np.cos(around)
    half_height = np.where(up > 0, 33.0, 30.0)
    width = 17.0 + 1.5 * np.clip(up, 0, 1) - 5.0 * smoothstep(-0.1, -1.0, up)
    q = 12.0 + t * width * back - 3.0 * t * np.clip(-up, 0, 1)
    p = t * half_height * up
    behind = smoothstep(-0.75, 0.1, back + 0.6 * np.clip(up, 0, 1))
    rim = gauss(t - 0.9, 0.075) * behind * smoothstep(-0.95, -0.5, up)
    groove = gauss(t - 0.76, 0.07) * behind * smoothstep(-0.6, -0.1, up)
    fold = gauss(t - 0.56, 0.11) * smoothstep(-0.5, 0.4, back) * smoothstep(-0.9, -0.2, up)
    bowl = gauss(q - 7, 6.5) * gauss(p + 3, 9.5)
    flap = gauss(q + 3, 3.0) * gauss(p + 4, 5.0)
    edge = -2.5 * smoothstep(0.93, 1.0, t)
    return q, p, 4.0 * rim - 1.8 * groove + 3.0 * fold - 5.5 * bowl + 2.0 * flap + edge + 1.0 * t


def _triangles() -> Ints:
    """Rings joined from the centre outward and over the edge to the back."""
    rows = _RINGS + _BACK_RINGS
    index = np.arange(rows * _SPOKES).reshape(rows, _SPOKES)
    index = np.concatenate([index, index[:, :1]], axis=1)
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, :-1].ravel(), index[1:, 1:].ravel()
    return np.stack([np.stack([a, d, c], 1), np.stack([a, b, d], 1)], 1).reshape(-1, 3)
