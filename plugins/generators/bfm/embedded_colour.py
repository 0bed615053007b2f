"""Paint of the template, and the modes by which it differs between people.

A mask is a weight in 0..1 for each vertex; the mean colour mixes colours through the masks, and
every mode adds a colour through one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .embedded_fields import (
    BROW_X,
    BROW_Y,
    EYE_X,
    EYE_Y,
    MOUTH_HALF,
    MOUTH_Y,
    Array,
    Reference,
    gauss,
    smoothstep,
)

Masks = Mapping[str, Array]
Colour = tuple[float, float, float]

SKIN: Colour = (0.80, 0.61, 0.51)


def masks(r: Reference) -> dict[str, Array]:
    """All regions of the paint, float64 (vertices,) each."""
    found = _eye_masks(r) | _brow_masks(r) | _mouth_masks(r) | _skin_masks(r)
    found |= _hair_masks(r, found["lip"], found["inner"])
    found["skin"] = (
        (1 - found["eye"])
        * (1 - found["inner"])
        * (1 - 0.75 * found["brow"])
        * (1 - 0.9 * found["hair"])
        * (1 - 0.5 * found["lash"])
    )
    return found


def _eye_masks(r: Reference) -> dict[str, Array]:
    across = (r.ax - EYE_X) / 14.0
    up = r.y - (EYE_Y + 1.2 * across)
    upper = 5.6 * np.clip(1 - np.abs(across) ** 2.2, 0, None) ** 0.75
    lower = -4.2 * np.clip(1 - np.abs(across) ** 2.4, 0, None) ** 0.8
    inside = (np.abs(across) < 1).astype(np.float64)
    eye = inside * smoothstep(0.6, -0.4, up - upper) * smoothstep(-0.6, 0.4, up - lower)
    radius = np.hypot(r.ax - EYE_X, r.y - EYE_Y - 0.6)
    lash_ends = smoothstep(1.05, 0.8, np.abs(across))
    crease = r.y - (EYE_Y + 9 - 0.011 * (r.ax - EYE_X) ** 2)
    return {
        "eye": eye,
        "iris": eye * smoothstep(6.6, 5.4, radius),
        "pupil": eye * smoothstep(2.9, 2.0, radius),
        "limbus": eye * gauss(radius - 5.6, 0.7),
        "lash": inside * gauss(up - upper - 0.4, 1.05) * lash_ends
        + 0.35 * inside * gauss(up - lower + 0.2, 0.8),
        "lid_crease": gauss(crease, 1.4) * gauss(r.ax - EYE_X, 10),
        "socket": r.pair(EYE_X - 2, EYE_Y + 2, 16, 11) * (1 - eye),
        "under_eye": r.pair(EYE_X - 3, EYE_Y - 11, 11, 4.5),
    }


def _brow_masks(r: Reference) -> dict[str, Array]:
    along = (r.ax - BROW_X) / 19.0
    middle = BROW_Y + 2.6 * (1 - 1.1 * np.clip(along - 0.15, -1.4, 1.4) ** 2) - 1.2
    width = np.interp(along, [-1.05, -0.85, -0.2, 0.5, 1.05], [2.6, 3.6, 3.3, 2.5, 0.9])
    off = (r.y - middle) / width
    brow = (
        np.exp(-0.5 * np.abs(off) ** 2.6)
        * smoothstep(-1.12, -0.85, along)
        * smoothstep(1.1, 0.75, along)
    )
    wide = gauss(off, 1.9) * smoothstep(-1.3, -0.8, along) * smoothstep(1.25, 0.8, along)
    return {"brow": brow, "brow_edge": wide - brow, "unibrow": r.spot(47, 9, 3.5)}


def _mouth_masks(r: Reference) -> dict[str, Array]:
    along = r.ax / MOUTH_HALF
    up = r.y - MOUTH_Y
    bow = 1.3 * gauss(r.ax - 5, 3.2) - 1.5 * gauss(r.ax, 2.2)
    upper = 7.6 * np.clip(1 - along**1.9, 0, None) ** 0.72 + bow * np.clip(1 - along**2, 0, 1)
    lower = -10.2 * np.clip(1 - along**2.2, 0, None) ** 0.70
    upper_lip = smoothstep(0.9, -0.5, up - upper) * smoothstep(-0.2, 0.2, up)
    lower_lip = smoothstep(-0.9, 0.5, up - lower) * smoothstep(0.2, -0.2, up)
    inner = r.inner * smoothstep(1.0, 0.9, along)
    return {
        "lip": np.where(along < 1.03, np.maximum(upper_lip, lower_lip), 0),
        "inner": inner,
        "lip_line": gauss(up, 0.9) * smoothstep(1.06, 0.95, along) * (1 - r.inner),
    }


def _skin_masks(r: Reference) -> dict[str, Array]:
    return {
        "nostril": r.pair(6.6, -17.2, 3.0, 1.6),
        "wing_groove": r.pair(20, -13, 2.0, 6.5),
        "cheek": r.pair(42, -2, 15, 14),
        "nose": r.spot(-6, 14, 12),
        "forehead": r.spot(78, 45, 16),
        "nasolabial": r.nasolabial(2.8),
        "temple": smoothstep(1.0, 1.6, np.abs(r.angle)),
    }


def _hair_masks(r: Reference, lip: Array, inner: Array) -> dict[str, Array]:
    line = 92 - 0.0105 * r.ax**2 + 2.0 * np.cos(r.ax / 9.0)
    behind = smoothstep(1.42, 1.52, np.abs(r.angle)) * smoothstep(-5, 10, r.y)
    beard = smoothstep(-18, -34, r.y) * smoothstep(80, 58, r.ax)
    beard = beard * (1 - lip) * (1 - 0.75 * r.pair(38, -22, 18, 14))
    hair = np.clip(smoothstep(-3, 3, r.y - line) + behind, 0, 1)
    return {
        "hair": hair,
        "hairline": gauss(r.y - line + 6, 7),
        "beard": np.clip(beard + 0.9 * r.pair(72, -15, 9, 30), 0, 1) * (1 - inner),
        "moustache": r.spot(-28, 20, 5.5) * (1 - lip),
        "goatee": r.spot(-72, 20, 16) * (1 - lip),
    }


_SHADES: tuple[tuple[str, Colour], ...] = (
    ("cheek", (0.03, -0.045, -0.035)),
    ("nose", (0.02, -0.04, -0.03)),
    ("forehead", (0.02, 0.02, 0.015)),
    ("socket", (-0.09, -0.085, -0.07)),
    ("under_eye", (-0.05, -0.06, -0.04)),
    ("nasolabial", (-0.05, -0.055, -0.05)),
    ("wing_groove", (-0.08, -0.10, -0.09)),
    ("beard", (-0.035, -0.03, -0.02)),
    ("temple", (-0.03, -0.03, -0.03)),
)
# Painted over each other in this order: region, colour, opacity.
_LAYERS: tuple[tuple[str, Colour, float], ...] = (
    ("lip", (0.69, 0.40, 0.38), 0.85),
    ("lid_crease", (0.45, 0.30, 0.25), 0.45),
    ("brow", (0.25, 0.17, 0.12), 0.80),
    ("nostril", (0.20, 0.10, 0.08), 0.85),
    ("lip_line", (0.36, 0.15, 0.15), 0.60),
    ("inner", (0.22, 0.07, 0.07), 0.95),
    ("eye", (0.86, 0.83, 0.80), 1.0),
    ("iris", (0.33, 0.25, 0.18), 1.0),
    ("limbus", (0.12, 0.09, 0.07), 0.6),
    ("pupil", (0.03, 0.03, 0.03), 1.0),
    ("lash", (0.13, 0.09, 0.07), 0.85),
    ("hair", (0.20, 0.14, 0.10), 0.95),
)


def mean_colour(m: Masks) -> Array:
    """Mean albedo, float64 (3, vertices), display RGB."""
    out = np.repeat(np.array(SKIN)[:, None], m["skin"].size, axis=1)
    for name, shade in _SHADES:
        out += np.array(shade)[:, None] * m[name]
    for name, colour, opacity in _LAYERS:
        weight = opacity * np.clip(m[name], 0, 1)
        out = out * (1 - weight) + weight * np.array(colour)[:, None]
    return out


_MODES: tuple[tuple[str, Colour], ...] = (
    ("skin", (0.015, 0.010, -0.040)),
    ("skin", (0.014, -0.014, -0.012)),
    ("skin", (0.035, 0.035, 0.035)),
    ("lip", (0.05, -0.06, -0.045)),
    ("lip", (-0.09, -0.07, -0.06)),
    ("lip", (0.03, 0.03, 0.05)),
    ("brow", (-0.10, -0.085, -0.07)),
    ("brow", (0.05, 0.0, -0.02)),
    ("brow", (0.11, 0.09, 0.08)),
    ("brow_edge", (-0.17, -0.15, -0.13)),
    ("unibrow", (-0.05, -0.045, -0.04)),
    ("iris_only", (0.07, 0.09, 0.11)),
    ("iris_only", (-0.06, 0.01, 0.12)),
    ("iris_only", (-0.03, 0.05, -0.02)),
    ("iris_only", (0.05, 0.0, -0.04)),
    ("sclera", (0.03, 0.03, 0.03)),
    ("lash", (-0.06, -0.05, -0.05)),
    ("cheek", (0.03, -0.05, -0.04)),
    ("nose", (0.03, -0.035, -0.03)),
    ("under_eye", (-0.06, -0.06, -0.045)),
    ("forehead", (0.025, 0.025, 0.02)),
    ("socket", (-0.05, -0.06, -0.035)),
    ("nasolabial", (-0.05, -0.05, -0.045)),
    ("beard", (-0.115, -0.095, -0.07)),
    ("moustache", (-0.085, -0.075, -0.06)),
    ("goatee", (-0.07, -0.06, -0.05)),
    ("hair", (0.13, 0.10, 0.07)),
    ("hair", (0.08, 0.01, -0.02)),
    ("hair", (0.05, 0.06, 0.07)),
    ("hairline_skin", (-0.14, -0.12, -0.10)),
    ("temple", (-0.04, -0.04, -0.04)),
)
_MELANIN: Colour = (-0.155, -0.150, -0.130)


def colour_modes(m: Masks) -> Array:
    """Named modes, one standard deviation each, float64 (modes, 3, vertices)."""
    regions = dict(m) | {
        "iris_only": m["iris"] * (1 - m["pupil"]),
        "sclera": m["eye"] * (1 - m["iris"]),
        "hairline_skin": m["hairline"] * m["skin"],
    }
    modes = [np.array(_MELANIN)[:, None] * (m["skin"] * (1 - 0.25 * m["lip"]))]
    modes += [np.array(colour)[:, None] * regions[name] for name, colour in _MODES]
    return np.stack(modes)
