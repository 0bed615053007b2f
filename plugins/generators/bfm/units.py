"""Whether the numbers of a face model have the unit that is read: millimetres and colours 0..1."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.plugin import DataError

from .model.morphable import Modes, MorphableModel

SMALLEST_MM, LARGEST_MM = 50.0, 1000.0
"""Largest side of a face or head; that of the Basel Face Model is 0.21 m."""
BRIGHTEST, DARKEST = 2.0, 0.02
LARGEST_DEVIATION = 1.0
"""Deviation of the colour of a vertex; 0.05 to 0.15 in models learnt from scans."""
_UNITS = ((1000.0, "micrometres"), (0.1, "centimetres"), (0.001, "metres"))


def check_units(model: MorphableModel, path: Path) -> None:
    """Raise DataError naming the file where shape or colour are in another unit."""
    extent = float(np.ptp(model.shape.mean, axis=1).max())
    if not SMALLEST_MM <= extent <= LARGEST_MM:
        near = [name for unit, name in _UNITS if SMALLEST_MM <= extent / unit <= LARGEST_MM]
        unit = f", so it is in {near[0]}" if near else ""
        raise DataError(
            f"{path}: its mean face is {extent:.4g} mm large{unit}; write shape and expression in "
            "millimetres"
        )
    colour = model.colour.mean
    low, high = float(colour.min()), float(colour.max())
    deviation = _deviation(model.colour)
    if high > BRIGHTEST or low < -BRIGHTEST or deviation > LARGEST_DEVIATION:
        what = f"mean {low:.3g} to {high:.3g}, deviation {deviation:.3g}"
        raise DataError(
            f"{path}: its colours are not those of 0..1 ({what}); divide mean and deviations by "
            "255 if they are of 0..255"
        )
    if high < DARKEST:
        raise DataError(
            f"{path}: its colours are at most {high:.3g} of 1, which is black; check whether they "
            "were divided by 255 twice"
        )


def _deviation(modes: Modes) -> float:
    """Median over vertices and channels of what all modes together vary by."""
    squares = np.zeros(modes.mean.shape, np.float32)
    for steps, size in zip(modes.steps, modes.size, strict=True):  # one at a time: bases are large
        squares += np.square(steps.astype(np.float32) * size)
    return float(np.median(np.sqrt(squares)))
