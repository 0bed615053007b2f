"""One folder per identity: ``identity/sample.jpg``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.faces.export import LANDMARKS, Report
from harness.faces.export._samples import samples_of
from harness.faces.store import FaceSet
from harness.fileio.atomic import write_text


def write(faces: FaceSet, target: Path, report: Report) -> None:
    """``identity/sample.jpg``; landmarks, if any, in a five-point file."""
    known = np.isfinite(faces.landmarks.reshape(-1, 10).sum(axis=1))
    lines = []
    for face in samples_of(faces, report):
        path = target / face.path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(face.image)
        if known[face.index]:
            # Nine digits carry a float32 there and back.
            numbers = "\t".join(f"{value:.9g}" for value in faces.landmarks[face.index].flat)
            lines.append(f"{face.path}\t{numbers}\n")
    if lines:
        write_text(target / LANDMARKS, "".join(lines))
