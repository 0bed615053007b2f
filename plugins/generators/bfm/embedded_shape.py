"""The template head: a swept surface with relief for eyes, nose, mouth, cheeks and chin.

Closed form and our own; no scan enters it. The surface is a grid (rows up the head, columns around
it) that is denser at the eyes, the nose base and the mouth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from .embedded_fields import EYE_X, EYE_Y, MOUTH_HALF, MOUTH_Y, Array, Reference, gauss, smoothstep

ROWS, COLUMNS = 150, 141
_MOUTH_ROWS = 8
_MAX_ANGLE = 1.95

_ROW_DENSITY = np.array(
    [
        (-122, 0.6), (-95, 1.0), (-75, 1.1), (-58, 1.6), (-30, 2.0), (-10, 1.8), (10, 1.4),
        (20, 2.1), (55, 2.1), (64, 1.1), (95, 0.8), (126, 0.9), (133.5, 1.4),
    ]
)  # fmt: skip
# Height, half width, depth of the front profile, depth of the axis.
_SECTIONS = np.array(
    [
        (-122, 49, 22, -20), (-108, 50, 40, -16), (-95, 50, 66, -12), (-84, 50, 82, -8),
        (-66, 57, 85, -5), (-45, 64, 88, -3), (-20, 69, 90, 0), (10, 72.5, 93, 0),
        (40, 75, 96, 0), (70, 76, 96, 0), (95, 73, 88, -2), (113, 61, 70, -3),
        (126, 37, 40, -4), (134, 2, 4, -6),
    ]
)  # fmt: skip


def template() -> tuple[Array, NDArray[np.int32], Reference]:
    """Vertices float64 (vertices, 3), triangles int32 (T, 3) and the reference coordinates."""
    y_rows, inner_rows = _rows()
    u = np.linspace(-1, 1, COLUMNS)
    turn = _MAX_ANGLE * np.sign(u) * (0.64 * np.abs(u) + 0.36 * np.abs(u) ** 2.6)
    angle, y = (grid.ravel() for grid in np.meshgrid(turn, y_rows))
    half, front, axis = (
        PchipInterpolator(_SECTIONS[:, 0], _SECTIONS[:, column])(y) for column in (1, 2, 3)
    )
    sine, cosine = np.sin(angle), np.cos(angle)
    x = half * np.sign(sine) * np.abs(sine) ** 0.93
    z = axis + (front - axis) * np.sign(cosine) * np.abs(cosine) ** 0.86
    index = np.arange(y.size).reshape(ROWS, COLUMNS)
    reference = Reference(
        x, y, angle, np.repeat(inner_rows, COLUMNS), np.ascontiguousarray(index[:, ::-1]).ravel()
    )
    depth, outward, lift = _relief(reference)
    facing = smoothstep(-0.15, 0.35, cosine)
    points = np.stack([x + sine * outward, y + lift, z + cosine * outward + depth * facing], axis=1)
    return points, _triangles(index), reference


def _rows() -> tuple[Array, Array]:
    heights = np.linspace(_ROW_DENSITY[0, 0], _ROW_DENSITY[-1, 0], 4001)
    mass = np.cumsum(np.interp(heights, _ROW_DENSITY[:, 0], _ROW_DENSITY[:, 1]))
    mass = (mass - mass[0]) / (mass[-1] - mass[0])
    y = np.interp(np.linspace(0, 1, ROWS - _MOUTH_ROWS), mass, heights)
    at = int(np.searchsorted(y, MOUTH_Y))
    y = np.insert(y, at, MOUTH_Y + np.linspace(-0.35, 0.35, _MOUTH_ROWS))
    inner = np.zeros(ROWS)
    inner[at : at + _MOUTH_ROWS] = 1
    return y, inner


def _triangles(index: NDArray[np.int64]) -> NDArray[np.int32]:
    """Two triangles a cell, mirror-symmetric about the midline, counter-clockwise from outside."""
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, :-1].ravel(), index[1:, 1:].ravel()
    columns = index.shape[1] - 1
    left = np.tile(np.arange(columns) < columns // 2, index.shape[0] - 1)[:, None]
    first = np.where(left, np.stack([a, b, d], 1), np.stack([a, b, c], 1))
    second = np.where(left, np.stack([a, d, c], 1), np.stack([b, d, c], 1))
    return np.stack([first, second], 1).reshape(-1, 3).astype(np.int32)


def _relief(r: Reference) -> tuple[Array, Array, Array]:
    """Displacement forward, outward along the section, and up."""
    outward = (
        -3.5 * r.pair(68, 52, 14, 20)  # temples
        + 5.0 * r.pair(50, 10, 15, 15)  # cheekbones
        + 3.0 * r.pair(38, -22, 16, 18)
        - 3.5 * r.pair(57, -32, 13, 18)
        + 2.5 * r.pair(62, -52, 16, 14)  # angle of the jaw
    )
    lift = -1.5 * r.spot(-14, 7, 5)
    return _eyes(r) + _nose(r) + _mouth(r) + _chin(r), outward, lift


def _eyes(r: Reference) -> Array:
    ax, y = r.ax, r.y
    brow = 47 + 3.0 * gauss(ax - 30, 16) - 0.004 * (ax - 20) ** 2
    ball = ((ax - EYE_X) / 14.0) ** 2 + ((y - EYE_Y) / 10.5) ** 2
    upper_crease = y - (EYE_Y + 8.2 - 0.010 * (ax - EYE_X) ** 2)
    lower_crease = y - (EYE_Y - 10.5 + 0.012 * (ax - EYE_X) ** 2)
    return (
        3.2 * gauss(y - brow, 6.5) * gauss(ax - 24, 20)
        + 1.5 * r.spot(45, 9, 8)
        - 8.5 * r.pair(EYE_X - 1, EYE_Y + 1, 15.5, 10)
        - 4.0 * r.pair(15.5, 31, 6, 9)
        + 6.3 * np.sqrt(np.clip(1 - ball, 0, 1)) * smoothstep(1.0, 0.55, ball)
        + 1.6 * r.pair(EYE_X, EYE_Y, 10, 6)
        - 1.3 * gauss(upper_crease, 1.5) * gauss(ax - EYE_X, 12)
        - 1.2 * gauss(lower_crease, 2.5) * gauss(ax - EYE_X, 11)
    )


def _nose(r: Reference) -> Array:
    ax, y = r.ax, r.y
    t = np.clip((36 - y) / 45, 0, 1.25)  # 0 at the nasion, 1 at the tip
    height = np.interp(t, [0, 0.15, 0.5, 0.85, 1, 1.25], [3.0, 5.5, 13.5, 20.5, 22.5, 19])
    width = np.interp(t, [0, 0.3, 0.7, 1, 1.25], [6.5, 5.6, 6.6, 8.6, 9.2])
    base_height = np.interp(t, [0, 0.5, 1, 1.25], [0, 2.0, 5.5, 5])
    base_width = np.interp(t, [0, 0.5, 1, 1.25], [9, 13, 16, 17])
    top = smoothstep(50, 32, y)
    ridge = height * np.exp(-0.5 * np.abs(ax / width) ** 2.1)
    return (
        ridge * smoothstep(-22.5, -13.5, y) * top
        + base_height * gauss(ax, base_width) * smoothstep(-25, -14, y) * top
        + 8.0 * r.pair(13.2, -12.5, 4.6, 5.2)  # wings
        - 2.2 * r.pair(20.5, -12, 3.0, 7)
        - 5.0 * r.pair(6.2, -17.5, 3.4, 2.2)  # nostrils
    )


def _mouth(r: Reference) -> Array:
    ax, y = r.ax, r.y
    lips = np.clip(1 - (ax / MOUTH_HALF) ** 2, 0, 1) ** 0.6
    return (
        3.5 * r.spot(MOUTH_Y, 24, 15)
        + 4.6 * lips * gauss(y - (MOUTH_Y + 4.6), 3.3)
        + 5.4 * lips * gauss(y - (MOUTH_Y - 6.0), 4.1)
        - 4.6 * lips * gauss(y - MOUTH_Y, 1.35)
        - 2.6 * r.pair(MOUTH_HALF + 2, MOUTH_Y - 0.5, 3.2, 3.2)
        - 1.6 * r.spot(-28, 2.6, 6)  # philtrum
        + 0.9 * r.pair(4.3, -29, 1.8, 6)
        - 1.6 * r.nasolabial(3.6)
    )


def _chin(r: Reference) -> Array:
    return -5.0 * r.spot(-57.5, 19, 4.8) + 7.5 * r.spot(-76, 14, 10) + 2.0 * r.pair(10, -77, 8, 8)


_LANDMARKS = {
    "eye.pupil.center": (EYE_X, EYE_Y),
    "lips.corner": (MOUTH_HALF, MOUTH_Y),
    "nose.wing.tip": (15.0, -13.0),
    "eyebrow.bend.lower": (38.0, 46.0),
    "face.side": (74.0, 10.0),
}
_CENTRES = {"center.nose.tip": -9.0, "center.front.trichion": 88.0, "center.chin.tip": -76.0}


def landmarks(reference: Reference) -> dict[str, int]:
    """Named vertices; ``left`` is the subject's left, +x."""
    places = {name: (0.0, y) for name, y in _CENTRES.items()}
    for name, (x, y) in _LANDMARKS.items():
        places |= {f"left.{name}": (x, y), f"right.{name}": (-x, y)}
    frontal = np.abs(reference.angle) <= np.pi / 2
    found = {}
    for name, (x, y) in places.items():
        distance = np.hypot(reference.x - x, reference.y - y)
        found[name] = int(np.argmin(np.where(frontal, distance, np.inf)))
    return found
