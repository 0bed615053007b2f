"""WebDataset: tar files of images, labels and facts."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from harness.faces.export import Report
from harness.faces.export._samples import SHARD_IMAGES, samples_of
from harness.faces.store import FaceSet


def write(faces: FaceSet, target: Path, report: Report) -> None:
    """Tar files of at most 10,000 samples: image, label (``cls``) and ``json`` of each."""
    samples = samples_of(faces, report)
    for number, first in enumerate(range(0, len(faces), SHARD_IMAGES)):
        with tarfile.open(target / f"faces-{number:05d}.tar", "w") as archive:
            for _ in range(first, min(first + SHARD_IMAGES, len(faces))):
                face = next(samples)
                name = f"{face.identity:07d}_{face.sample:05d}"
                facts = {
                    "identity": face.identity,
                    "sample": face.sample,
                    "landmarks": _numbers(faces.landmarks[face.index]),
                    "box": _numbers(faces.boxes[face.index]),
                    "meta": dict(faces.meta(face.index)),
                }
                _member(archive, f"{name}.{face.suffix}", face.image)
                _member(archive, f"{name}.cls", str(face.label).encode())
                _member(archive, f"{name}.json", json.dumps(facts, sort_keys=True).encode())


def _numbers(values: Any) -> list[float] | None:
    """A flat list for JSON, which has no NaN; None when unknown."""
    return None if np.isnan(values).any() else [float(value) for value in values.flat]


def _member(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)  # time 0 and no owner: equal sets give equal files
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
