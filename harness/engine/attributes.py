"""How the attributes of a face set are distributed: yaw, light, style and whatever else it says."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from harness.faces.face import MetaValue
from harness.faces.store import FaceSet

MOST_FACES = 5_000
"""Faces whose metadata is read; more of them, spread evenly, would draw the same picture."""
BINS = 24
MOST_VALUES = 12
TOO_MANY = 50
"""A text with more values than this names images, it does not group them."""


def attributes(faces: FaceSet) -> dict[str, Any]:
    """Histograms of the metadata of at most ``MOST_FACES`` faces, as JSON.

    ``numeric`` has ``edges`` (BINS + 1) and ``counts`` by attribute, with one bin for a constant;
    ``named`` has the counts of the most frequent texts and yes-or-no values by attribute.
    """
    count = min(len(faces), MOST_FACES)
    rows = np.unique(np.linspace(0, len(faces) - 1, count).round().astype(np.int64))
    values: dict[str, list[MetaValue]] = {}
    for row in rows.tolist():
        for name, value in faces.meta(row).items():
            if value is not None:
                values.setdefault(name, []).append(value)
    numeric: dict[str, Any] = {}
    named: dict[str, Any] = {}
    for name, found in sorted(values.items()):
        numbers = [
            float(v) for v in found if isinstance(v, int | float) and not isinstance(v, bool)
        ]
        if len(numbers) == len(found):
            finite = np.array([value for value in numbers if math.isfinite(value)])
            if len(finite):
                numeric[name] = _histogram(finite)
            continue
        counted = Counter(_text(value) for value in found)
        if len(counted) <= TOO_MANY:
            named[name] = dict(counted.most_common(MOST_VALUES))
    return {"faces": len(faces), "read": len(rows), "numeric": numeric, "named": named}


def _histogram(values: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, Any]:
    spread = bool(values.min() < values.max())
    counts, edges = np.histogram(values, BINS if spread else 1)
    return {"edges": [float(f"{edge:.6g}") for edge in edges], "counts": counts.tolist()}


def _text(value: MetaValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
