"""Image files and a list of ``path label`` lines, as FaceX-Zoo and TFace read them."""

from __future__ import annotations

from pathlib import Path

from harness.faces.export import Report, imagefolder
from harness.faces.export._samples import samples_of
from harness.faces.store import FaceSet
from harness.fileio.atomic import write_text

FILE = "images.txt"


def write(faces: FaceSet, target: Path, report: Report) -> None:
    """The files of :mod:`harness.faces.export.imagefolder`, and ``images.txt`` of their labels."""
    imagefolder.write(faces, target, report)
    rows = (f"{face.path}\t{face.label}\n" for face in samples_of(faces, lambda *_: None))
    write_text(target / FILE, "".join(rows))
