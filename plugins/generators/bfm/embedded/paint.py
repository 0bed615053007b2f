"""Where on the head there is what: a weight in 0..1 for each vertex and region."""

from __future__ import annotations

import numpy as np

from .fields import (
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
from .hair import from_edge


def masks(r: Reference) -> dict[str, Array]:
    """All regions, float64 (vertices,) each; features of the face are on the head alone."""
    face = _eye_masks(r) | _brow_masks(r) | _mouth_masks(r) | _skin_masks(r)
    face |= _beard_masks(r, face["lip"], face["inner"])
    found = {name: mask * r.head * r.front for name, mask in face.items()}
    found |= _other_masks(r)
    found["skin"] = (
        (r.head + r.ear)
        * (1 - found["eye"])
        * (1 - found["inner"])
        * (1 - 0.75 * found["brow"])
        * (1 - 0.85 * found["scalp"])
        * (1 - 0.5 * found["lash"])
        * (1 - found["cloth"])
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
        "lines": _lines(r),
        "crow_feet": r.pair(52, 30, 6, 9) * (0.5 + 0.5 * np.cos((r.y - 30) * 1.1)),
        "lid": r.pair(EYE_X + 1, EYE_Y + 8, 11, 3.5),
        "nose_side": r.pair(13, 8, 4.5, 16),
        "under_lip": r.spot(-56, 14, 3.5),
        "under_nose": r.spot(-22, 13, 3.5),
        "nasolabial": r.nasolabial(2.8),
        "temple": smoothstep(1.0, 1.6, np.abs(r.angle)),
    }


def _lines(r: Reference) -> Array:
    """Lines across the forehead."""
    wave = np.clip(np.cos((r.y - 70 - 2 * np.cos(r.x / 14)) * 0.75), 0, 1) ** 3
    lines: Array = wave * gauss(r.y - 70, 9) * smoothstep(44, 26, r.ax)
    return lines


def _beard_masks(r: Reference, lip: Array, inner: Array) -> dict[str, Array]:
    beard = smoothstep(-18, -34, r.y) * smoothstep(82, 60, r.ax)
    beard = beard * (1 - 0.75 * r.pair(38, -22, 18, 14)) + 0.9 * gauss(r.ax - 70, 9) * gauss(
        r.y + 15, 26
    )
    beard = np.clip(beard, 0, 1) * smoothstep(-104, -92, r.y)
    off = (1 - lip) * (1 - inner)
    chin = gauss(r.x, 19) * smoothstep(-52, -60, r.y) * smoothstep(-104, -94, r.y)
    return {
        "beard": beard * off,
        "moustache": gauss(r.x, 19) * gauss(r.y + 29, 4.5) * off,
        "goatee": np.clip(chin + gauss(r.ax - 27, 4) * gauss(r.y + 46, 14), 0, 1) * off,
        "jawline": gauss(r.ax - 64, 10) * gauss(r.y + 38, 26) * off,
    }


def _other_masks(r: Reference) -> dict[str, Array]:
    grown = from_edge(r.turn, r.y)
    return {
        "scalp": r.head * smoothstep(-3, 5, grown),
        "edge": r.head * gauss(grown + 5, 6),
        "cloth": r.head * smoothstep(-136, -146, r.y - 7 * gauss(r.angle, 0.5)),
        "hair": r.hair,
        "rim": r.rim,
        "lens": r.lens,
        "ear": r.ear,
        "ear_bowl": r.ear * smoothstep(0.75, 0.1, r.across),
        "neck": (1 - r.face) * r.head,
        "under_jaw": r.head * gauss(r.y + 101, 9) * smoothstep(1.9, 1.2, r.turn),
        "root": r.hair * smoothstep(14, -2, grown),
    }
