"""Landmark files, and the scale that carries their points to the images at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, UsageError
from harness.fileio.texts import read_lines

TOLERANCE = 0.01


def read_five_points(path: Path) -> dict[str, NDArray[np.float32]]:
    """Image path to float32 (5, 2): a path and ten numbers per line, tab or space apart.

    Raises ``DataError`` with file and line. A file name given twice is refused.
    """
    points: dict[str, NDArray[np.float32]] = {}
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        name, *rest = line.split("\t") if "\t" in line else line.split()
        try:
            with np.errstate(over="ignore"):  # what float32 cannot hold is refused below
                values = np.array([float(word) for word in rest], np.float32)
        except ValueError:
            values = np.empty(0, np.float32)
        if values.size != 10 or not np.isfinite(values).all():
            raise DataError(f"{path}, line {number}: expected a path and ten finite numbers")
        if name in points:
            raise DataError(f"{path}, line {number}: {name} was given before")
        points[name] = values.reshape(5, 2)
    if not points:
        raise DataError(f"{path} is empty; it should hold a path and ten numbers per line")
    return points


def landmark_scale(
    size: tuple[int, int], made_on_px: int, asked: float | None, where: str
) -> float:
    """Factor from landmark file to image pixels, from the image's (width, height).

    Raises ``UsageError`` when ``asked`` contradicts it: scaled wrongly, every face is cut from the
    wrong place and the accuracy falls to chance without any error.
    """
    width, height = size
    scale = width / made_on_px
    if abs(height / made_on_px - scale) > TOLERANCE * scale:
        raise DataError(
            f"{where} is {width}x{height} but its landmarks were made on square images of "
            f"{made_on_px} px; set landmark_image_px"
        )
    if asked is not None and abs(asked - scale) > TOLERANCE * scale:
        raise UsageError(
            f"landmark_scale={asked:g} contradicts {where}, which is {width} px wide and whose "
            f"landmarks were made at {made_on_px} px, that is a scale of {scale:g}; leave "
            "landmark_scale out or set landmark_image_px"
        )
    return scale
