"""A pair of glasses, folded away inside the head until a style brings it out."""

from __future__ import annotations

import numpy as np

from .fields import EYE_X, EYE_Y, Array, Ints, Reference

_ROUND = 28
_TUBE = 5
_RADIUS = 1.35
_HIDDEN = np.array([0.0, 0.0, -20.0])


def glasses() -> tuple[Array, Array, Array, Ints, Reference]:
    """Hidden vertices (N, 3), the offsets that show rims and lenses, triangles, coordinates."""
    parts = [_tube(line, closed=closed) for line, closed in _lines()]
    lenses = [_lens(side) for side in (1.0, -1.0)]
    worn = np.concatenate([points for points, _ in [*parts, *lenses]])
    start, triangles = 0, []
    for points, cells in [*parts, *lenses]:
        triangles.append(cells + start)
        start += len(points)
    count = sum(len(points) for points, _ in parts)
    is_rim = (np.arange(len(worn)) < count).astype(np.float64)
    reference = Reference.of_part(
        "rim",
        np.ascontiguousarray(worn[:, 0]),
        np.ascontiguousarray(worn[:, 1]),
        np.arctan2(worn[:, 0], worn[:, 2]),
        rim=is_rim,
        lens=1 - is_rim,
        depth=np.ascontiguousarray(worn[:, 2]),
    )
    hidden = np.broadcast_to(_HIDDEN, worn.shape) + 0.02 * (worn - worn.mean(axis=0))
    shown = worn - hidden
    return (
        hidden,
        shown * is_rim[:, None],
        shown * (1 - is_rim)[:, None],
        np.concatenate(triangles),
        reference,
    )


def _outline(side: float, radius: float) -> Array:
    """The edge of one glass, (points, 3): a rounded box that follows the curve of the face."""
    around = np.linspace(0, 2 * np.pi, _ROUND, endpoint=False)
    power = 0.62
    across = np.sign(np.cos(around)) * np.abs(np.cos(around)) ** power
    up = np.sign(np.sin(around)) * np.abs(np.sin(around)) ** power
    x = EYE_X + 1.5 + radius * 25.0 * across
    y = EYE_Y - 1.0 + radius * 18.5 * up
    return np.stack([side * x, y, _front(x)], axis=1)


def _front(x: Array) -> Array:
    return np.asarray(104.0 - 0.0055 * np.maximum(x - 12, 0) ** 2)


def _lines() -> list[tuple[Array, bool]]:
    t = np.linspace(0, 1, 8)
    bridge = np.stack([16 * t - 8, 36 + 2 * np.sin(np.pi * t), 104 + np.sin(np.pi * t)], axis=1)
    found: list[tuple[Array, bool]] = [(_outline(side, 1.0), True) for side in (1.0, -1.0)]
    found.append((bridge, False))
    for side in (1.0, -1.0):
        x, y = 58 + 22 * t**0.5, 38 + 0 * t
        found.append((np.stack([side * x, y, 95 - 103 * t], axis=1), False))
    return found


def _tube(line: Array, *, closed: bool) -> tuple[Array, Ints]:
    along = np.roll(line, -1, 0) - np.roll(line, 1, 0) if closed else np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, np.array([0.0, 0.2, 1.0]) if closed else np.array([0.0, 1.0, 0.3]))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    third = np.cross(along, across)
    around = np.linspace(0, 2 * np.pi, _TUBE, endpoint=False)
    ring = np.cos(around)[:, None, None] * across + np.sin(around)[:, None, None] * third
    points = (line + _RADIUS * ring).transpose(1, 0, 2).reshape(-1, 3)
    index = np.arange(len(points)).reshape(len(line), _TUBE)
    index = np.concatenate([index, index[:, :1]], axis=1)
    if closed:
        index = np.concatenate([index, index[:1]], axis=0)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    first = np.stack([a.ravel(), b.ravel(), d.ravel()], 1)
    second = np.stack([a.ravel(), d.ravel(), c.ravel()], 1)
    return points, np.concatenate([first, second])


def _lens(side: float) -> tuple[Array, Ints]:
    rings = [_outline(side, radius) for radius in (0.05, 0.5, 1.0)]
    points = np.concatenate(rings)
    index = np.arange(len(points)).reshape(len(rings), _ROUND)
    index = np.concatenate([index, index[:, :1]], axis=1)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    first = np.stack([a.ravel(), c.ravel(), d.ravel()], 1)
    second = np.stack([a.ravel(), d.ravel(), b.ravel()], 1)
    cells = np.concatenate([first, second])
    return points, cells if side > 0 else cells[:, ::-1]
