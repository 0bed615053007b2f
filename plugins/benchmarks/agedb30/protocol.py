"""The protocol file of AgeDB: a MATLAB file of cells of structs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.lists import Cells, Pair, Records, is_inside, read_variable

KEY = "splits"


def read_protocol(path: Path) -> list[Pair]:
    """Pairs of all folds, from ``04_FINAL_protocol_30_years.mat``.

    ``splits`` is a cell a fold; a fold is a struct of a 2 x N cell of images (structs whose first
    field is the name, without ``.jpg``) and N labels of +1 (genuine) or -1. Raises ``DataError``.
    """
    folds = read_variable(path, KEY)
    if not isinstance(folds, Cells):
        raise DataError(f"{path}: {KEY!r} should be cells; is it the file of another protocol?")
    pairs = []
    for fold, cell in enumerate(folds.values):
        where = f"{path}, split {fold + 1}"
        images, labels = _fold(cell, where)
        for row, label in enumerate(labels):
            place = f"split {fold + 1}, pair {row + 1}"
            if label not in (-1, 1):
                raise DataError(f"{path}, {place}: label {label:g} is not +1 or -1")
            one, two = (_name(images[2 * row + side], f"{path}, {place}") for side in (0, 1))
            pairs.append(Pair(one, two, bool(label == 1), fold, place))
    return pairs


def _fold(cell: Any, where: str) -> tuple[list[Any], NDArray[Any]]:
    """Images in the order of pairs, and labels, of one split."""
    fields = cell.values[0] if isinstance(cell, Records) and cell.values else []
    if len(fields) < 2 or not isinstance(fields[0], Cells) or not isinstance(fields[1], np.ndarray):
        raise DataError(f"{where}: expected a struct of pairs and labels")
    images, labels = fields[:2]
    if images.shape != (2, len(labels)):
        raise DataError(
            f"{where}: {len(labels)} labels for pairs of shape {images.shape}, expected "
            f"(2, {len(labels)})"
        )
    return images.values, labels


def _name(cell: Any, where: str) -> str:
    """The first field of an image."""
    name = cell.values[0][0] if isinstance(cell, Records) and cell.values and cell.fields else None
    if not isinstance(name, str) or not is_inside(name):
        raise DataError(f"{where}: the name of an image is missing")
    return name if name.lower().endswith(".jpg") else f"{name}.jpg"
