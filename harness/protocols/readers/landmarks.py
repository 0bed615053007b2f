"""Landmark files, and the scale that carries their points to the images at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, UsageError
from harness.protocols.readers.landmark_files import read_points

TOLERANCE = 0.01


def read_five_points(path: Path) -> dict[str, NDArray[np.float32]]:
    """Image path to float32 (5, 2): a path and ten numbers per line, tab or space apart.

    Raises ``DataError`` with file and line. A file name given twice is refused.
    """
    return read_points(path, range(1, 11), (11,), found="finite")


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
