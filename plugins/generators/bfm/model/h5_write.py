"""Writes a morphable model in the HDF5 layout of the Basel Face Model 2017."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .morphable import Modes, MorphableModel

if TYPE_CHECKING:
    import h5py


def write_h5(model: MorphableModel, path: Path) -> None:
    """Write shape, colour, expression and landmarks; :func:`.h5_model.read_h5` reads them back.

    Columns of ``pcaBasis`` have length 1 and ``pcaVariance`` holds the squared lengths of the
    modes; the columns of a model that was not learnt from scans need not be orthogonal.
    """
    import h5py

    with h5py.File(path, "w") as file:
        file["version/majorVersion"], file["version/minorVersion"] = np.int32(0), np.int32(9)
        for part, modes in (
            ("shape", model.shape),
            ("color", model.colour),
            ("expression", model.expression),
        ):
            _write_part(file.create_group(part), modes, model)
        listed = [
            {"id": name, "coordinates": model.shape.mean[:, vertex].tolist()}
            for name, vertex in sorted(model.landmarks.items())
        ]
        file["metadata/landmarks/json"] = json.dumps(listed)


def _write_part(group: h5py.Group, modes: Modes, model: MorphableModel) -> None:
    flat = modes.basis.transpose(0, 2, 1).reshape(modes.rank, -1)
    lengths = np.sqrt(np.square(flat, dtype=np.float64).sum(axis=1))
    unit = flat / np.maximum(lengths, np.finfo(np.float32).tiny)[:, None]
    group["model/mean"] = modes.mean.T.ravel()
    group["model/pcaBasis"] = np.ascontiguousarray(unit.T, np.float32)
    group["model/pcaVariance"] = np.square(lengths).astype(np.float32)
    group["model/noiseVariance"] = np.float32(0)
    group["representer/points"] = model.shape.mean
    group["representer/cells"] = model.triangles
    group["representer"].attrs["datasetType"] = "POLYGON_MESH"
