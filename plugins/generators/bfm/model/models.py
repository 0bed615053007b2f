"""Which face model a path holds, and its reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.plugin import PrerequisiteError

from ..units import check_units
from .bfm2009 import read_mat
from .h5_model import read_h5
from .ict import read_ict
from .landmarks import complete, read_vertices
from .morphable import MorphableModel


def read_model(
    path: Path, landmarks: Path | None, embedded: Callable[[], MorphableModel]
) -> MorphableModel:
    """A model from a BFM HDF5 or ``.mat`` file or an ICT-FaceKit folder, with all landmarks.

    ``landmarks`` adds named vertices to those of the model. ``embedded`` gives the embedded model,
    whose colours a model without any takes. Raises ``DataError`` naming what is wrong.
    """
    if not path.exists():
        raise PrerequisiteError(
            f"model_file {path} is not there; give its path, or model_file=embedded"
        )
    if path.is_dir():
        model = read_ict(path, embedded)
    else:
        model = read_mat(path) if path.suffix.lower() == ".mat" else read_h5(path)
    check_units(model, path)
    added = {} if landmarks is None else read_vertices(landmarks, model.vertices)
    whole = complete({**model.landmarks, **added}, model.shape.mean, path)
    return replace(model, landmarks=whole)
