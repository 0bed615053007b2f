"""Named modes of shape: windows times small motions, in millimetres.

Vertices carry the paint, so moving an eye or a mouth corner moves what is painted there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .fields import Array, Reference, gauss, smoothstep

Part = float | Array


def _mode(r: Reference, dx: Part = 0.0, dy: Part = 0.0, dz: Part = 0.0) -> Array:
    return np.stack([np.broadcast_to(part, r.x.shape) for part in (dx, dy, dz)])


def shape_modes(r: Reference) -> dict[str, Array]:
    """Identity modes by name, one standard deviation each, float64 (3, vertices)."""
    found: dict[str, Array] = {}
    for group in (_head, _neck, _ears, _chin, _cheeks, _nose, _eyes, _brows, _mouth):
        for number, mode in enumerate(group(r)):
            found[f"{group.__name__.strip('_')}-{number}"] = mode
    return found | _composites(found)


# Features that go together between women and men, the slim and the heavy, the young and the old:
# mode and its coefficient at one standard deviation of the whole.
_TOGETHER: dict[str, dict[str, float]] = {
    "sex": {
        "brows-1": 0.7, "head-4": 0.5, "chin-2": 0.6, "chin-1": 0.3, "brows-0": -0.5,
        "mouth-2": -0.4, "mouth-3": -0.4, "neck-0": 0.8, "nose-0": 0.3, "nose-1": 0.4,
        "eyes-1": -0.4, "brows-4": 0.4, "cheeks-0": -0.3, "head-7": 0.3,
    },
    "weight": {
        "cheeks-1": 0.8, "cheeks-2": 0.7, "head-0": 0.5, "neck-0": 0.8, "neck-2": 0.8,
        "head-4": 0.5, "eyes-2": -0.2, "nose-1": 0.2,
    },
    "age": {
        "cheeks-3": 0.9, "cheeks-2": 0.6, "eyes-8": 0.8, "eyes-7": 0.7, "mouth-2": -0.4,
        "mouth-3": -0.4, "nose-0": 0.3, "ears-0": 0.6, "ears-2": 0.6, "mouth-5": -0.4,
        "neck-2": 0.4,
    },
}  # fmt: skip


def _composites(found: dict[str, Array]) -> dict[str, Array]:
    return {
        name: np.sum([weight * found[mode] for mode, weight in parts.items()], axis=0)
        for name, parts in _TOGETHER.items()
    }


def _head(r: Reference) -> Iterator[Array]:
    x, y, face = r.x, r.y, r.face
    jaw = face * smoothstep(2.2, 1.5, r.turn)
    yield _mode(r, dx=0.05 * x * (0.35 + 0.65 * face))
    yield _mode(r, dy=0.05 * (y - 10))
    yield _mode(r, dz=0.05 * r.depth)
    yield _mode(r, dx=0.05 * x * np.tanh((y - 5) / 40) * face)
    yield _mode(r, dx=0.09 * x * gauss(y + 62, 30) * jaw)
    yield _mode(r, dx=-0.11 * x * gauss(y + 85, 18) * jaw)
    yield _mode(r, dx=0.05 * x * gauss(y - 60, 22))
    yield _mode(r, dy=-5.5 * smoothstep(-5, -85, y))
    yield _mode(r, dy=-4.2 * smoothstep(25, -18, y))
    yield _mode(r, dy=6 * smoothstep(50, 95, y))
    yield _mode(r, dz=-6 * smoothstep(52, 105, y) * r.front)
    yield _mode(r, dz=5.5 * gauss(y + 10, 40) * r.front)
    behind = smoothstep(1.6, 2.4, r.turn)
    yield _mode(r, dz=-7 * behind * smoothstep(-45, 10, y))
    yield _mode(r, dy=6 * behind * smoothstep(60, 120, y), dz=-4 * behind * gauss(y - 90, 35))


def _neck(r: Reference) -> Iterator[Array]:
    neck = 1 - r.face
    yield _mode(r, dx=0.09 * r.x * neck, dz=0.06 * r.depth * neck)
    yield _mode(r, dz=6 * smoothstep(-85, -150, r.y))
    yield _mode(r, dy=-5 * gauss(r.x, 30) * gauss(r.y + 96, 12) * r.front)
    yield _mode(r, dy=-9 * smoothstep(-105, -150, r.y))


def _ears(r: Reference) -> Iterator[Array]:
    up, side = r.y - 20, np.sign(r.x)
    out, back = r.ax - 75, -9 - r.depth
    yield _mode(r, dx=0.10 * out * side * r.ear, dy=0.10 * up * r.ear, dz=-0.10 * back * r.ear)
    yield _mode(r, dx=0.17 * np.maximum(back, 0) * side * r.ear)
    yield _mode(r, dy=-0.35 * np.maximum(-8 - up, 0) * r.ear)
    yield _mode(r, dy=3.0 * r.ear)
    yield _mode(r, dz=-0.12 * up * r.ear)
    yield _mode(r, dz=-3.0 * r.ear * gauss(up - 24, 10), dx=2.0 * side * r.ear * gauss(up - 24, 10))


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
