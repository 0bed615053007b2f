"""RecordIO, the layout of insightface's training sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.align.decode import image_size
from harness.errors import DataError
from harness.faces.export import Report
from harness.faces.export._samples import samples_of
from harness.faces.recordio import EXACT_FLOAT, RecordWriter
from harness.faces.store import FaceSet
from harness.fileio.atomic import write_text


def write(faces: FaceSet, target: Path, report: Report) -> None:
    """The layout of insightface: meta record 0, images from 1, then one record per identity."""
    width, height = _one_size(faces)
    identities, starts = np.unique(faces.subjects, return_index=True)
    images, total = len(faces), 1 + len(faces) + len(identities)
    if total >= EXACT_FLOAT:
        raise DataError(
            f"{images} images are too many for RecordIO, whose counts are float32; export as "
            "parquet or webdataset"
        )
    listing = []
    with (target / "train.rec").open("wb") as file:
        writer = RecordWriter(file)
        writer.write(0, (float(1 + images), float(total)))
        for face in samples_of(faces, report):
            writer.write(1 + face.index, float(face.label), face.image)
            listing.append(f"{1 + face.index}\t{face.label}\t{face.path}\n")
        for rank, (start, end) in enumerate(zip(starts, [*starts[1:], images], strict=True)):
            writer.write(1 + images + rank, (float(1 + start), float(1 + end)))
    write_text(target / "train.idx", writer.index_text())
    write_text(target / "train.lst", "".join(listing))
    write_text(target / "property", f"{len(identities)},{height},{width}\n")


def _one_size(faces: FaceSet) -> tuple[int, int]:
    first = image_size(faces.read(0), faces.names[0])
    for index in range(1, len(faces)):
        size = image_size(faces.read(index), faces.names[index])
        if size != first:
            raise DataError(
                f"face {faces.names[index]} is {size[0]}x{size[1]} and {faces.names[0]} is "
                f"{first[0]}x{first[1]}; RecordIO training sets have one size, export as "
                "imagefolder, parquet or webdataset"
            )
    return first
