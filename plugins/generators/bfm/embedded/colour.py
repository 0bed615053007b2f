"""Colours of the head, and the modes by which they differ between people.

The mean mixes colours through the regions of :mod:`.paint`; every mode adds a colour through one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .fields import Array

Masks = Mapping[str, Array]
Colour = tuple[float, float, float]

SKIN: Colour = (0.665, 0.505, 0.415)
_MELANIN: Colour = (-0.135, -0.132, -0.120)
"""From light to dark skin in one straight line, four standard deviations long."""

# Shares of light that reach a region less than open skin: creases and undersides.
_SHADOWS: tuple[tuple[str, float], ...] = (
    ("under_jaw", 0.42),
    ("neck", 0.16),
    ("ear_bowl", 0.35),
    ("socket", 0.12),
    ("under_eye", 0.06),
    ("nasolabial", 0.08),
    ("wing_groove", 0.14),
    ("nose_side", 0.05),
    ("under_lip", 0.10),
    ("under_nose", 0.14),
    ("lid_crease", 0.16),
    ("temple", 0.05),
    ("edge", 0.10),
)
_SHADES: tuple[tuple[str, Colour], ...] = (
    ("cheek", (0.025, -0.018, -0.015)),
    ("nose", (0.025, -0.02, -0.02)),
    ("ear", (0.03, -0.03, -0.025)),
    ("forehead", (0.015, 0.015, 0.01)),
    ("beard", (-0.02, -0.015, -0.008)),
)
# Painted over each other in this order: region, colour, opacity.
_LAYERS: tuple[tuple[str, Colour, float], ...] = (
    ("scalp", (0.17, 0.12, 0.09), 0.85),
    ("lip", (0.60, 0.36, 0.33), 0.85),
    ("brow", (0.20, 0.14, 0.10), 0.72),
    ("nostril", (0.18, 0.09, 0.07), 0.85),
    ("lip_line", (0.33, 0.15, 0.14), 0.60),
    ("inner", (0.24, 0.08, 0.08), 0.95),
    ("eye", (0.82, 0.80, 0.77), 1.0),
    ("iris", (0.27, 0.20, 0.15), 1.0),
    ("limbus", (0.10, 0.08, 0.07), 0.6),
    ("pupil", (0.03, 0.03, 0.03), 1.0),
    ("lash", (0.12, 0.09, 0.07), 0.85),
    ("hair", (0.17, 0.12, 0.09), 1.0),
    ("cloth", (0.38, 0.38, 0.42), 1.0),
    ("rim", (0.08, 0.07, 0.07), 1.0),
    ("lens", (0.10, 0.10, 0.11), 1.0),
)


def mean_colour(m: Masks) -> Array:
    """Mean albedo, float64 (3, vertices), display RGB."""
    out = np.repeat(np.array(SKIN)[:, None], m["skin"].size, axis=1)
    for name, shade in _SHADES:
        out += np.array(shade)[:, None] * m[name]
    for name, colour, opacity in _LAYERS:
        weight = opacity * np.clip(m[name], 0, 1)
        out = out * (1 - weight) + weight * np.array(colour)[:, None]
    return out * shading(m)


def shading(m: Masks) -> Array:
    """Share of the light that reaches each vertex, float64 (vertices,)."""
    out = np.ones_like(m["skin"])
    for name, share in _SHADOWS:
        out *= 1 - share * np.clip(m[name], 0, 1)
    return out * (1 - 0.25 * m["root"])


_MODES: tuple[tuple[str, Colour], ...] = (
    ("skin", (0.012, 0.004, -0.022)),
    ("skin", (0.016, -0.012, -0.010)),
    ("skin", (0.030, 0.028, 0.026)),
    ("lip", (0.035, -0.030, -0.022)),
    ("lip", (-0.050, -0.045, -0.040)),
    ("lip", (0.020, 0.012, 0.018)),
    ("brow", (-0.06, -0.05, -0.04)),
    ("brow", (0.09, 0.07, 0.055)),
    ("brow_edge", (-0.12, -0.11, -0.10)),
    ("brow_edge", (-0.07, -0.06, -0.06)),
    ("unibrow", (-0.05, -0.045, -0.04)),
    ("iris_only", (0.07, 0.08, 0.09)),
    ("iris_only", (-0.04, 0.015, 0.09)),
    ("iris_only", (-0.02, 0.035, -0.015)),
    ("iris_only", (0.04, 0.01, -0.02)),
    ("sclera", (0.03, 0.03, 0.03)),
    ("lash", (-0.06, -0.05, -0.05)),
    ("cheek", (0.022, -0.020, -0.017)),
    ("cheek", (-0.03, -0.03, -0.025)),
    ("nose", (0.03, -0.020, -0.018)),
    ("under_eye", (-0.055, -0.055, -0.040)),
    ("forehead", (0.025, 0.025, 0.02)),
    ("socket", (-0.050, -0.050, -0.035)),
    ("lid", (-0.03, -0.035, -0.03)),
    ("nasolabial", (-0.055, -0.05, -0.045)),
    ("lines", (-0.045, -0.04, -0.035)),
    ("crow_feet", (-0.045, -0.04, -0.035)),
    ("beard", (-0.035, -0.028, -0.018)),
    ("moustache", (-0.030, -0.026, -0.020)),
    ("temple", (-0.03, -0.03, -0.03)),
    ("ear", (0.03, -0.025, -0.02)),
    ("neck", (-0.03, -0.03, -0.028)),
    ("edge", (-0.06, -0.055, -0.045)),
)
# Hair of the head, brows and scalp go together.
_HAIR: tuple[Colour, ...] = ((0.125, 0.098, 0.068), (0.055, 0.010, -0.012), (0.045, 0.050, 0.058))


def colour_modes(m: Masks) -> Array:
    """Named modes, one standard deviation each, float64 (modes, 3, vertices)."""
    regions = dict(m) | {
        "iris_only": m["iris"] * (1 - m["pupil"]),
        "sclera": m["eye"] * (1 - m["iris"]),
    }
    pigment = m["skin"] * (1 - 0.2 * m["lip"]) + 0.12 * (m["hair"] + m["brow"] + m["scalp"])
    hairy = m["hair"] * (1 - 0.3 * m["root"]) + 0.75 * m["scalp"] + 0.55 * m["brow"]
    modes = [_through(pigment, _MELANIN)]
    modes += [_through(hairy, colour) for colour in _HAIR]
    modes += [_through(regions[name], colour) for name, colour in _MODES]
    return np.stack(modes) * shading(m)


def strands(m: Masks, angle: Array, y: Array, rng: np.random.Generator, count: int) -> Array:
    """Streaks along the hair, float64 (count, 3, vertices)."""
    modes = []
    for _ in range(count):
        around, bend = rng.uniform(20, 60), rng.uniform(0.005, 0.05)
        phases = rng.uniform(0, 2 * np.pi, 2)
        wave = np.sin(around * angle + phases[0] + 3 * np.sin(bend * y + phases[1]))
        modes.append(_through(0.03 * wave * m["hair"], (1.0, 0.9, 0.8)))
    return np.stack(modes)


def _through(mask: Array, colour: Colour) -> Array:
    return np.array(colour)[:, None] * mask
