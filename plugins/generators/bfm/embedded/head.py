"""The head: a surface swept around the axis of the skull, with relief for the features.

Closed form and our own; no scan enters it. The surface is a grid (rows up the head, columns around
it) that is denser on the face, and there at the eyes, the base of the nose and the mouth.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from .fields import (
    EYE_X,
    EYE_Y,
    MOUTH_HALF,
    MOUTH_Y,
    Array,
    Ints,
    Reference,
    above_jaw,
    gauss,
    smoothstep,
)

ROWS, COLUMNS = 148, 141
_MOUTH_ROWS = 8

_ROW_DENSITY = np.array(
    [
        (-190, 0.35), (-125, 0.4), (-104, 1.1), (-90, 1.7), (-75, 1.2), (-58, 1.6), (-30, 2.0),
        (-10, 1.8), (10, 1.4), (20, 2.1), (55, 2.1), (64, 1.0), (95, 0.7), (126, 0.9), (141.5, 1.3),
    ]
)  # fmt: skip
# Height; half width, front and back of the skull with jaw; depth of the axis.
_SKULL = np.array(
    [
        (-200, 40, 50, -50, -14), (-110, 42, 66, -55, -12), (-95, 46, 80, -58, -10),
        (-84, 50, 84, -62, -8), (-66, 57, 86, -68, -6), (-45, 63.5, 88, -76, -5),
        (-20, 68.5, 90, -82, -5), (10, 72, 93, -88, -5), (40, 75, 96, -93, -6),
        (70, 76, 95, -94, -8), (95, 73, 86, -88, -10), (113, 64, 70, -76, -12),
        (127, 49, 49, -59, -14), (136, 31, 24, -41, -14), (140.5, 13, -1, -26, -14),
        (142, 2, -12, -16, -14),
    ]
)  # fmt: skip
# Height; half width, front and back of neck and shoulders; depth of the axis.
_NECK = np.array(
    [
        (-200, 175, 52, -108, -30), (-186, 158, 44, -104, -30), (-172, 124, 35, -98, -28),
        (-158, 80, 30, -88, -24), (-145, 59, 30, -80, -22), (-125, 53, 33, -75, -19),
        (-105, 52, 37, -73, -16), (-85, 53, 42, -72, -14), (-60, 54, 46, -72, -12),
        (0, 56, 48, -74, -10), (142, 56, 48, -74, -10),
    ]
)  # fmt: skip


def grid() -> tuple[Array, Array]:
    """Angle around the axis and height of every vertex of the head, (rows, columns) each."""
    u = np.linspace(-1 + 1 / COLUMNS, 1 - 1 / COLUMNS, COLUMNS)
    turn = np.pi * np.sign(u) * (0.47 * np.abs(u) + 0.53 * np.abs(u) ** 4.5)
    angle, y = np.meshgrid(turn, _rows()[0])
    return angle, y


def head() -> tuple[Array, Ints, Reference]:
    """Vertices float64 (vertices, 3), triangles (T, 3) and the reference coordinates."""
    angle, y = (values.ravel() for values in grid())
    base = swept(angle, y)
    inner = np.repeat(_rows()[1], COLUMNS) * (np.abs(angle) < 0.6)
    reference = Reference.of_part("head", base[:, 0], y, angle, inner=inner)
    depth, outward, lift = _relief(reference)
    sine, cosine = np.sin(angle), np.cos(angle)
    forward = depth * smoothstep(-0.15, 0.35, cosine)
    points = base + np.stack([sine * outward, lift, cosine * outward + forward], axis=1)
    reference = Reference.of_part(
        "head", base[:, 0], y, angle, inner=inner, depth=np.ascontiguousarray(points[:, 2])
    )
    return points, wrapped_triangles(ROWS, COLUMNS), reference


def swept(angle: Array, y: Array) -> Array:
    """The head without features: points (N, 3) at an angle around the axis and a height."""
    skull, neck = _section(_SKULL, angle, y), _section(_NECK, angle, y)
    face = above_jaw(np.abs(angle), y)[:, None]
    return face * skull + (1 - face) * neck


def _section(table: Array, angle: Array, y: Array) -> Array:
    half, front, back, axis = (
        PchipInterpolator(table[:, 0], table[:, column])(y) for column in (1, 2, 3, 4)
    )
    sine, cosine = np.sin(angle), np.cos(angle)
    x = half * np.sign(sine) * np.abs(sine) ** 0.93
    reach = np.where(cosine > 0, front - axis, axis - back)
    z = axis + reach * np.sign(cosine) * np.abs(cosine) ** np.where(cosine > 0, 0.86, 0.95)
    return np.stack([x, y, z], axis=1)


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


def wrapped_triangles(rows: int, columns: int) -> Ints:
    """Two triangles per cell of a grid that closes around the head, counter-clockwise from outside.

    Mirror-symmetric about the middle column; ``columns`` is odd.
    """
    index = np.arange(rows * columns).reshape(rows, columns)
    index = np.concatenate([index, index[:, :1]], axis=1)
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, :-1].ravel(), index[1:, 1:].ravel()
    left = np.tile(np.arange(columns) < columns // 2, rows - 1)[:, None]
    first = np.where(left, np.stack([a, b, d], 1), np.stack([a, b, c], 1))
    second = np.where(left, np.stack([a, d, c], 1), np.stack([b, d, c], 1))
    return np.stack([first, second], 1).reshape(-1, 3)


def _relief(r: Reference) -> tuple[Array, Array, Array]:
    """Displacement forward, outward along the section, and up."""
    outward = (
        -3.5 * r.pair(68, 52, 14, 20)  # temples
        + 5.0 * r.pair(50, 10, 15, 15)  # cheekbones
        + 3.0 * r.pair(38, -22, 16, 18)
        - 3.5 * r.pair(57, -32, 13, 18)
        + 2.5 * r.pair(60, -50, 14, 12)  # angle of the jaw
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
        3.2 * gauss(y - brow, 6.5) * gauss(ax - 24, 20) * r.front
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
    height = np.interp(t, [0, 0.15, 0.5, 0.85, 1, 1.25], [3.0, 5.2, 12.5, 18.5, 20.0, 17])
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
