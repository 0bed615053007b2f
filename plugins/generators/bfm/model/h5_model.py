"""Basel Face Models of 2017 and 2019 from their HDF5 files (statismo layout).

The files are licensed and never shipped; sizes are read from the file, so the cropped variants and
later releases work too. Versions 0.9 and 1.x store orthonormal modes; 0.8, and files without a
version, store them times the standard deviation.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.files import json_value, open_hdf5

from .landmarks import nearest
from .morphable import Modes, MorphableModel

LANDMARK_TOLERANCE_MM = 0.5
SAME_POINTS_MM = 1e-3
MOST_RATIO, FREE_BYTES = 100, 1 << 24
"""Bytes of an array for each byte stored of it, and those that an array may always have.

HDF5 makes up what was never written, so a file of kilobytes can announce gigabytes.
"""


def read_h5(path: Path) -> MorphableModel:
    """A model from an HDF5 file, in millimetres and RGB 0..1.

    Without an expression group the model has no expression modes. Raises ``DataError`` naming the
    file and what is wrong: a missing group, wrong shapes, meshes that differ, values that are not
    finite, a truncated file, a landmark that is on no vertex. A file without landmarks is read.
    """
    with open_hdf5(path) as file:
        points, triangles = _mesh(file, "shape", path)
        parts = {"shape": _modes(file, "shape", path, points.shape[1])}
        for part in ("color", "expression"):
            if part == "expression" and part not in file:
                continue
            other, _ = _mesh(file, part, path)
            if other.shape != points.shape or np.abs(other - points).max() > SAME_POINTS_MM:
                raise DataError(f"{path}: the meshes of shape and {part} differ")
            parts[part] = _modes(file, part, path, points.shape[1])
        found = _landmarks(file, path, points)
    return MorphableModel(
        shape=parts["shape"],
        colour=parts["color"],
        expression=parts.get("expression", Modes.none(parts["shape"].mean)),
        triangles=triangles,
        landmarks=found,
        name=path.name,
    )


def _get(file: Any, name: str, path: Path) -> NDArray[Any]:
    found = file.get(name)
    if found is None or not hasattr(found, "dtype"):
        raise DataError(f"{path} lacks {name}: it is not a face model in the BFM 2017 layout")
    if found.dtype.kind not in "fiu":
        raise DataError(f"{path}: {name} holds no numbers")
    return _array(found, path)


def _array(found: Any, path: Path) -> NDArray[Any]:
    """The array of a data set; raises ``DataError`` where it is much larger than what is stored."""
    stored = found.id.get_storage_size()
    chunk = math.prod(found.chunks or ()) * found.dtype.itemsize
    if max(found.nbytes, chunk) > FREE_BYTES + MOST_RATIO * stored:
        raise DataError(
            f"{path}: {found.name} announces {max(found.nbytes, chunk)} bytes and {stored} are "
            "stored; get the file again"
        )
    return np.asarray(found)


def _mesh(file: Any, part: str, path: Path) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Reference points (3, V) and triangles (3, M), from either layout of the representer."""
    base = f"{part}/representer"
    old = f"{base}/reference-mesh"
    if old in file:
        points = _get(file, f"{old}/vertex-coordinates", path).T
        cells = _get(file, f"{old}/triangle-list", path).T
    else:
        points = _get(file, f"{base}/points", path)
        cells = _get(file, f"{base}/cells", path)
    if points.ndim != 2 or points.shape[0] != 3 or cells.ndim != 2 or cells.shape[0] != 3:
        raise DataError(f"{path}: mesh of {part} has shapes {points.shape} and {cells.shape}")
    if cells.size and not 0 <= int(cells.min()) <= int(cells.max()) < points.shape[1]:
        raise DataError(f"{path}: triangles of {part} name vertices that do not exist")
    if not np.isfinite(points).all():
        raise DataError(f"{path}: mesh of {part} holds values that are not finite")
    return points.astype(np.float32), np.ascontiguousarray(cells, np.int32)


def _modes(file: Any, part: str, path: Path, vertices: int) -> Modes:
    mean = _get(file, f"{part}/model/mean", path).reshape(-1)
    basis = _get(file, f"{part}/model/pcaBasis", path)
    variance = _get(file, f"{part}/model/pcaVariance", path).reshape(-1)
    if mean.size != 3 * vertices or basis.shape != (mean.size, variance.size):
        raise DataError(
            f"{path}: {part} has mean {mean.shape}, basis {basis.shape} and variance "
            f"{variance.shape} for {vertices} vertices"
        )
    finite = all(bool(np.isfinite(values).all()) for values in (mean, basis, variance))
    if not finite or (variance < 0).any():
        raise DataError(f"{path}: {part} holds values that are not finite, or negative variances")
    lengths = np.sqrt(variance.astype(np.float64))
    if _version(file, part, path) < (0, 9):
        norms = np.sqrt(np.einsum("vk,vk->k", basis, basis, dtype=np.float64))
        lengths /= np.maximum(norms, np.finfo(np.float32).tiny)
    columns = basis.reshape(vertices, 3, variance.size).transpose(2, 1, 0)
    return Modes.of(mean.reshape(vertices, 3).T, columns, lengths)


def _version(file: Any, part: str, path: Path) -> tuple[int, int]:
    group = next((g for g in (f"{part}/version", "version") if g in file), None)
    if group is None:
        return 0, 8
    version = tuple(
        int(_get(file, f"{group}/{name}", path).reshape(-1)[0])
        for name in ("majorVersion", "minorVersion")
    )
    if version not in ((0, 8), (0, 9)) and version[0] != 1:
        raise DataError(f"{path}: model version {version[0]}.{version[1]} is unknown")
    return version[0], version[1]


def _landmarks(file: Any, path: Path, points: NDArray[np.float32]) -> dict[str, int]:
    found = {}
    for label, place in _listed(file, path):
        vertex, distance = nearest(points, place)
        if not distance <= LANDMARK_TOLERANCE_MM:
            raise DataError(
                f"{path}: landmark {label} is {distance:.2f} mm from the nearest vertex"
            )
        found[label] = vertex
    return found


def _listed(file: Any, path: Path) -> list[tuple[str, NDArray[np.float64]]]:
    """Names and points of the landmarks: JSON, or lines ``id visible x y z`` in old files."""
    name = next((n for n in ("json", "text") if f"metadata/landmarks/{n}" in file), None)
    if name is None:
        return []
    raw = _array(file[f"metadata/landmarks/{name}"], path).reshape(-1)[0]
    try:
        text = (raw.decode() if isinstance(raw, bytes) else str(raw)).rstrip("\0")
        if name == "json":
            pairs = [(item["id"], item["coordinates"]) for item in json_value(text)]
        else:
            rows = [line.split() for line in text.splitlines() if line.strip()]
            pairs = [(label, place) for label, _, *place in rows]
        listed = [(str(label), np.array(place, np.float64)) for label, place in pairs]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: its landmarks are not a list of names and points ({error})"
        ) from None
    for label, point in listed:
        if point.shape != (3,) or not np.isfinite(point).all():
            raise DataError(f"{path}: landmark {label} is at no point")
    return listed
