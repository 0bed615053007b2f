"""The files of ICT-FaceKit: a folder of OBJ files, or the same packed as one ``.npz``."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.files import lines as text_lines
from harness.plugin.files import read_json, read_npz, walk

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

NEUTRAL = "generic_neutral_mesh.obj"
INDICES = "vertex_indices.json"
_MOST_CORNERS = 1 << 40
_PACKED = ("material_names", "face_material", "neutral", "quads", "identity_delta",
           "expression_delta")  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """What the files hold: centimetres, polygons of up to four vertices (-1 pads), materials."""

    neutral: Floats  # (V, 3)
    quads: Ints  # (Q, 4)
    materials: list[str]  # of each polygon
    identity: Floats  # (K, V, 3), offsets
    expression: Floats  # (E, V, 3)
    ibug: list[int]


def read_parts(folder: Path) -> Parts:
    """Everything of a folder, checked; raises ``DataError`` naming what is missing or wrong."""
    parts = _read_objs(folder) if _matching(folder, "identity*.obj") else _read_npz(folder)
    _check(parts, folder)
    return parts


def _matching(folder: Path, pattern: str) -> list[Path]:
    """The files directly in a folder that match and are not hidden, sorted."""
    files = next(walk(folder, deep=False)).files
    return [folder / name for name in fnmatch.filter(files, pattern)]


def _check(parts: Parts, folder: Path) -> None:
    dimensions = [parts.neutral.ndim, parts.quads.ndim, parts.identity.ndim, parts.expression.ndim]
    if dimensions != [2, 2, 3, 3]:
        raise DataError(f"{folder}: its arrays have {dimensions} dimensions and not 2, 2, 3, 3")
    vertices = len(parts.neutral)
    shapes = (parts.identity.shape[1:], parts.expression.shape[1:])
    if any(shape != (vertices, 3) for shape in shapes):
        raise DataError(
            f"{folder}: the neutral face has {vertices} vertices, identities and expressions have "
            f"{shapes[0][0]} and {shapes[1][0]}; the files do not belong together"
        )
    if len(parts.ibug) != 68 or not 0 <= min(parts.ibug) <= max(parts.ibug) < vertices:
        raise DataError(f"{folder / INDICES}: idx_to_landmark_verts is not a list of 68 vertices")
    if parts.quads.max(initial=-1) >= vertices or parts.quads[:, :3].min(initial=0) < 0:
        raise DataError(f"{folder}: polygons name vertices that do not exist")
    for values in (parts.neutral, parts.identity, parts.expression):
        if not np.isfinite(values).all():
            raise DataError(f"{folder} holds values that are not finite; get the files again")


def _read_npz(folder: Path) -> Parts:
    packed = _matching(folder, "*.npz")
    if len(packed) != 1:
        raise DataError(
            f"{folder} holds no identity*.obj and {len(packed)} .npz files; give the FaceXModel "
            "folder of ICT-FaceKit, or one with the packed model"
        )
    file = read_npz(packed[0], _PACKED)
    try:
        names = [str(name) for name in file["material_names"]]
        return Parts(
            neutral=file["neutral"].astype(np.float32),
            quads=file["quads"].astype(np.int64),
            materials=[names[index] for index in file["face_material"]],
            identity=file["identity_delta"].astype(np.float32),
            expression=file["expression_delta"].astype(np.float32),
            ibug=_ibug(folder),
        )
    except (ValueError, TypeError, IndexError) as error:
        raise DataError(f"{packed[0]} is not the packed ICT-FaceKit model ({error})") from None


def _read_objs(folder: Path) -> Parts:
    neutral = _vertices(folder / NEUTRAL)
    quads, materials = _polygons(folder / NEUTRAL)
    identities = _matching(folder, "identity*.obj")
    other = {folder / NEUTRAL, *identities}
    expressions = [path for path in _matching(folder, "*.obj") if path not in other]
    return Parts(
        neutral=neutral,
        quads=quads,
        materials=materials,
        identity=_offsets(identities, neutral),
        expression=_offsets(expressions, neutral),
        ibug=_ibug(folder),
    )


def _offsets(paths: list[Path], neutral: Floats) -> Floats:
    out = np.empty((len(paths), *neutral.shape), np.float32)
    for place, path in zip(out, paths, strict=True):
        points = _vertices(path)
        if points.shape != neutral.shape:
            raise DataError(
                f"{path} has {len(points)} vertices and {NEUTRAL} has {len(neutral)}; the files do "
                "not belong together"
            )
        place[:] = points - neutral
    return out


def _vertices(path: Path) -> Floats:
    """The ``v`` lines of an OBJ file, float32 (V, 3)."""
    lines = [line[2:] for line in text_lines(path) if line.startswith("v ")]
    try:
        return np.array(" ".join(lines).split(), np.float32).reshape(len(lines), 3)
    except ValueError as error:
        raise DataError(f"{path} has vertices that are not three numbers ({error})") from None


def _polygons(path: Path) -> tuple[Ints, list[str]]:
    """Polygons (Q, 4), from 0 and -1 where there is no fourth vertex, and their materials."""
    quads, materials, material = [], [], ""
    for line in text_lines(path):
        if line.startswith("usemtl "):
            material = line.removeprefix("usemtl ").strip()
        elif line.startswith("f "):
            try:
                corners = [int(corner.partition("/")[0]) - 1 for corner in line.split()[1:]]
            except ValueError:
                corners = []
            if any(abs(corner) >= _MOST_CORNERS for corner in corners):
                raise DataError(f"{path} names vertices that do not exist: {line[:80]!r}")
            if len(corners) not in (3, 4):
                raise DataError(f"{path} has a face of no three or four vertices: {line!r}")
            quads.append([*corners, -1][:4])
            materials.append(material)
    if not quads:
        raise DataError(f"{path} has no faces")
    return np.array(quads, np.int64), materials


def _ibug(folder: Path) -> list[int]:
    path = folder / INDICES
    try:
        return [int(vertex) for vertex in read_json(path)["idx_to_landmark_verts"]]
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise DataError(
            f"{path} does not name the landmarks ({error!r}); it belongs to ICT-FaceKit"
        ) from None
