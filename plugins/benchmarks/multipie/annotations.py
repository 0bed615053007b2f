"""El Shafey's annotations of Multi-PIE: one small file of points an image.

The first line counts the points, the others are ``x y``. Which points they are follows from their
number, which follows from the camera: 16 in frontal views, 8 in half profiles, 6 in profiles, and 2
where only the eyes were marked. Right and left are the person's (format of Idiap's annotations, as
read by its public face recognition library).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.files import read_lines
from harness.plugin.images import template_points

Points = NDArray[np.float32]

_ROWS = {16: (0, 1, 6, 7, 8), 8: (0, 1, 2, 3, 4), 6: (0, 0, 1, 2, 2)}
"""Rows of eyes, nose and mouth corners, from the image's left. In a profile both eyes are on one
line of sight, and both corners of the mouth: the one that is seen stands for the other."""


def read_annotation(path: Path) -> Points:
    """Five points, float32 (5, 2), of one ``.pos`` file; raises ``DataError`` naming file and line.

    Where only the eyes are marked, nose and mouth are as in the ``arcface`` template laid on them.
    """
    lines = read_lines(path)
    count = lines[0].strip() if lines else ""
    if count not in ("2", "6", "8", "16"):
        raise DataError(f"{path}, line 1: expected a number of points, 2, 6, 8 or 16")
    rows = [line for line in lines[1:] if line.strip()]
    if len(rows) != int(count):
        raise DataError(f"{path} holds {len(rows)} points where line 1 says {count}")
    points = np.array([_point(path, number, row) for number, row in enumerate(rows, 2)], np.float32)
    return _from_eyes(points) if count == "2" else points[list(_ROWS[int(count)])]


def read_annotations(folder: Path, names: Sequence[str]) -> Points:
    """Five points per image, float32 (N, 5, 2), NaN where ``folder`` has no file for it.

    The file of ``a/b.png`` is ``a/b.pos``. Raises ``DataError`` where no image has one.
    """
    files = [folder / PurePosixPath(name).with_suffix(".pos") for name in names]
    found = np.full((len(names), 5, 2), np.nan, np.float32)
    there = [row for row, file in enumerate(files) if file.is_file()]
    if not there:
        raise DataError(f"{folder} has no annotation for any image; the first would be {files[0]}")
    for row in there:
        found[row] = read_annotation(files[row])
    return found


def _point(path: Path, number: int, line: str) -> list[float]:
    try:
        x, y = (float(word) for word in line.split())
    except ValueError:
        x = y = np.nan
    if not (abs(x) < 1e6 and abs(y) < 1e6):
        raise DataError(f"{path}, line {number}: expected two numbers, x and y")
    return [x, y]


def _from_eyes(eyes: Points) -> Points:
    """The template turned, scaled and moved so that its eyes are on these, float32 (5, 2)."""
    template = template_points("arcface", 112, 112) @ np.array([1, 1j])
    right, left = eyes @ np.array([1, 1j])
    placed = right + (template - template[0]) * (left - right) / (template[1] - template[0])
    return np.stack([placed.real, placed.imag], axis=1).astype(np.float32)
