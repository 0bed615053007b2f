"""The Basel Face Model of 2009 from ``01_MorphableModel.mat``.

Micrometres and colours of 0..255, standard deviations in place of variances, triangles counted
from 1 and wound the wrong way. It has no expressions and names no landmarks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.lists import read_variable

from .landmarks import by_rule
from .morphable import Modes, MorphableModel

_MM = 1000.0
_WHITE = 255.0


def read_mat(path: Path) -> MorphableModel:
    """The model in millimetres and RGB 0..1, with landmarks by rule (:func:`.landmarks.by_rule`).

    Raises ``DataError`` naming the file and what does not fit.
    """
    shape, colour = (_modes(path, part, unit) for part, unit in (("shape", _MM), ("tex", _WHITE)))
    if shape.mean.shape != colour.mean.shape:
        raise DataError(
            f"{path}: shape has {shape.mean.shape[1]} vertices and colour {colour.mean.shape[1]}"
        )
    vertices = shape.mean.shape[1]
    cells = _numbers(path, "tl")
    if cells.size % 3 or not cells.size or not 1 <= cells.min() <= cells.max() <= vertices:
        raise DataError(f"{path}: its triangles name vertices that do not exist")
    # Stored column by column; two columns change places so that triangles look outwards.
    triangles = cells.reshape(3, -1)[[1, 0, 2]].astype(np.int32) - np.int32(1)
    return MorphableModel(
        shape=shape,
        colour=colour,
        expression=Modes.none(shape.mean),
        triangles=np.ascontiguousarray(triangles),
        landmarks=by_rule(shape.mean),
        name=path.name,
        ruled_landmarks=True,
    )


def _modes(path: Path, part: str, unit: float) -> Modes:
    mean, std = _numbers(path, f"{part}MU"), _numbers(path, f"{part}EV")
    basis = _numbers(path, f"{part}PC")
    if mean.size % 3 or not mean.size or basis.size != mean.size * std.size:
        raise DataError(
            f"{path}: {part}MU has {mean.size} numbers, {part}EV {std.size} and {part}PC "
            f"{basis.size}; they do not fit together"
        )
    if (std < 0).any():
        raise DataError(f"{path}: {part}EV holds negative standard deviations")
    vertices = mean.size // 3
    rows = basis.reshape(std.size, vertices, 3).transpose(0, 2, 1)
    return Modes.of(mean.reshape(vertices, 3).T / unit, rows, std / unit)


def _numbers(path: Path, name: str) -> NDArray[Any]:
    values = read_variable(path, name)
    if not isinstance(values, np.ndarray) or not np.isfinite(values).all():
        raise DataError(f"{path}: {name} is not an array of finite numbers")
    return values
