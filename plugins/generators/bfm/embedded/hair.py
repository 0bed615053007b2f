"""Hair: a second surface over the head, above it where hair grows and inside it elsewhere.

The thickness decides: cuts differ by adding to it, and hair that is nowhere thick is a bald head.
"""

from __future__ import annotations

import numpy as np

from .fields import Array, Ints, Reference, gauss, smoothstep
from .head import swept, wrapped_triangles

ROWS, COLUMNS = 62, 75
_LOWEST, _HIGHEST = -150.0, 141.5
_HIDDEN, _THICK = -6.0, 9.0

# Angle from the nose, height of the edge of the hair.
_EDGE_TURN = (0.0, 0.30, 0.55, 0.8, 1.0, 1.2, 1.36, 1.46, 1.60, 1.95, 2.15, 2.4, np.pi)
_EDGE = (90.0, 90.0, 84.0, 68.0, 52.0, 34.0, 12.0, 8.0, 44.0, 46.0, 12.0, -32.0, -50.0)


def hair() -> tuple[Array, Array, Ints, Reference]:
    """Vertices (N, 3), the directions in which they thicken, triangles and coordinates."""
    u = np.linspace(-1 + 1 / COLUMNS, 1 - 1 / COLUMNS, COLUMNS)
    turn = np.pi * np.sign(u) * (0.75 * np.abs(u) + 0.25 * np.abs(u) ** 2)
    height = np.linspace(0, 1, ROWS)
    rows = _LOWEST + (_HIGHEST - _LOWEST) * (1 - (1 - height) ** 1.45)
    angle, y = (values.ravel() for values in np.meshgrid(turn, rows))
    base = swept(angle, y)
    outward = _normals(angle, y)
    grown = from_edge(np.abs(angle), y)
    thickness = _HIDDEN + (_THICK - _HIDDEN) * smoothstep(-9, 20, grown)
    # Clear of the sockets of the eyes and the corners of the mouth.
    thickness -= 14.0 * smoothstep(-16, -36, grown) * smoothstep(1.25, 1.0, np.abs(angle))
    points = base + outward * thickness[:, None]
    reference = Reference.of_part(
        "hair",
        np.ascontiguousarray(base[:, 0]),
        y,
        angle,
        depth=np.ascontiguousarray(base[:, 2]),
    )
    return points, outward, wrapped_triangles(ROWS, COLUMNS), reference


def from_edge(turn: Array, y: Array) -> Array:
    """Height above the edge of the hair in millimetres, negative on bare skin."""
    out: Array = y - np.interp(turn, _EDGE_TURN, _EDGE)
    return out


def _normals(angle: Array, y: Array) -> Array:
    step_angle, step_y = 0.02, 0.8
    around = swept(angle + step_angle, y) - swept(angle - step_angle, y)
    upward = swept(angle, np.minimum(y + step_y, 141.9)) - swept(angle, y - step_y)
    # Hair hangs: below the widest part of the skull it falls outward instead of following the jaw.
    upward[:, 0] *= 0.5
    upward[:, 2] *= 0.5
    normal = np.cross(around, upward)
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9))


def cuts(r: Reference, outward: Array, rng: np.random.Generator) -> dict[str, Array]:
    """Thickness modes by name, float64 (3, vertices): one standard deviation or the full effect."""
    grown = from_edge(r.turn, r.y)
    on, turn, y = smoothstep(-9, 18, grown), r.turn, r.y
    side = gauss(turn - 1.7, 0.55) * smoothstep(-40, 20, y)
    hanging = smoothstep(1.05, 1.35, turn) * smoothstep(-150, -110, y) * smoothstep(60, 25, y)
    back = smoothstep(1.9, 2.5, turn)
    lengths = {
        "volume": 4.0 * on,
        "top": 6.0 * on * smoothstep(85, 125, y),
        "sides": 4.5 * on * side,
        "back": 6.0 * on * back * smoothstep(-60, 10, y),
        "receding": -7.0 * gauss(grown - 4, 14) * smoothstep(1.15, 0.6, turn),
        "temples": -7.0 * gauss(grown - 2, 14) * gauss(turn - 0.75, 0.28),
        "parting": 4.0 * on * np.tanh(r.x / 14) * smoothstep(95, 120, y),
        "fringe": 13.0 * smoothstep(50, 62, y) * smoothstep(0.95, 0.7, turn) * (1 - on),
        "swept": 12.0 * smoothstep(56, 70, y) * gauss(r.x - 26, 24) * r.front * (1 - on),
        "long": 24.0 * hanging * (1 - 0.8 * on),
        "shoulder": 20.0 * hanging * smoothstep(-20, -70, y) + 6.0 * hanging * (1 - on),
        "bob": 26.0 * hanging * smoothstep(-80, -55, y) * (1 - 0.6 * on),
    }
    lengths |= _locks(r, on + hanging, rng)
    return {name: (outward * length[:, None]).T * r.hair for name, length in lengths.items()}


def _locks(r: Reference, where: Array, rng: np.random.Generator) -> dict[str, Array]:
    found = {}
    for number in range(6):
        around, upward = rng.uniform(4, 13), rng.uniform(0.02, 0.12)
        phases = rng.uniform(0, 2 * np.pi, 2)
        wave = np.sin(around * r.angle + phases[0] + 1.5 * np.sin(upward * r.y + phases[1]))
        found[f"lock-{number}"] = 1.3 * where * wave
    return found
