"""Named vertices of the embedded head, by the names of the Basel Face Model."""

from __future__ import annotations

import numpy as np

from .fields import EYE_X, EYE_Y, MOUTH_HALF, MOUTH_Y, Array, Reference

_PAIRS = {
    "eye.pupil.center": (EYE_X, EYE_Y),
    "eye.corner_inner": (EYE_X - 14, EYE_Y - 1),
    "eye.corner_outer": (EYE_X + 14, EYE_Y + 1),
    "eye.top": (EYE_X, EYE_Y + 5.6),
    "eye.bottom": (EYE_X, EYE_Y - 4.2),
    "eyebrow.inner_lower": (15.5, 45.5),
    "eyebrow.inner_upper": (15.5, 50.5),
    "eyebrow.bend.lower": (38.0, 46.0),
    "eyebrow.bend.upper": (38.0, 52.0),
    "nose.wing.tip": (15.0, -13.0),
    "nose.wing.outer": (17.5, -11.0),
    "nose.hole.center": (6.5, -17.3),
    "lips.corner": (MOUTH_HALF, MOUTH_Y),
    "lips.philtrum_ridge": (4.5, -34.0),
    "nasolabial_fold.center": (25.0, -30.0),
    "nasolabial_fold.bottom": (31.0, -46.0),
    "face.side": (74.0, 10.0),
}
_CENTRES = {
    "nose.tip": -9.0,
    "nose.attachement_to_philtrum": -21.5,
    "front.trichion": 88.0,
    "chin.tip": -76.0,
    "lips.upper.outer": -33.5,
    "lips.upper.inner": -41.6,
    "lips.lower.inner": -42.4,
    "lips.lower.outer": -52.0,
}
# Backward and upward of the middle of the ear, millimetres.
_EARS = {
    "tragus.tip": (-8.0, -6.0),
    "helix.attachement": (-8.0, 12.0),
    "helix.top": (4.0, 32.0),
    "helix.outer": (22.0, 10.0),
    "helix.center": (20.0, -6.0),
    "antihelix.center": (12.0, 2.0),
    "lobule.tip": (0.0, -30.0),
    "lobule.attachement": (-8.0, -24.0),
}


def landmarks(r: Reference, points: Array) -> dict[str, int]:
    """Vertex of each landmark; ``left`` is the subject's left, +x."""
    places = {f"center.{name}": (0.0, y) for name, y in _CENTRES.items()}
    for name, (x, y) in _PAIRS.items():
        places |= {f"left.{name}": (x, y), f"right.{name}": (-x, y)}
    frontal = (r.turn <= np.pi / 2) & (r.head > 0)
    found = {}
    for name, (x, y) in places.items():
        distance = np.hypot(r.x - x, r.y - y)
        found[name] = int(np.argmin(np.where(frontal, distance, np.inf)))
    return found | _ears(r, points)


def _ears(r: Reference, points: Array) -> dict[str, int]:
    found = {}
    for side, sign in (("left", 1), ("right", -1)):
        on = (r.ear > 0) & (np.sign(r.x) == sign)
        middle = points[on].mean(axis=0)
        for name, (back, up) in _EARS.items():
            distance = np.hypot(points[:, 2] - middle[2] + back, points[:, 1] - middle[1] - up)
            found[f"{side}.ear.{name}"] = int(np.argmin(np.where(on, distance, np.inf)))
    return found
