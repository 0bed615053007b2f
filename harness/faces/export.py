"""Face sets in the layouts that other software reads; image bytes are never encoded again.

Identities keep their numbers in names of files and columns. Where a layout needs labels without
gaps (RecordIO, WebDataset's ``cls``), the label is the rank of the identity among those with
images, and ``identities.tsv`` says which is which.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.align.decode import image_size
from harness.errors import DataError
from harness.faces.recordio import EXACT_FLOAT, RecordWriter
from harness.faces.store import FaceSet
from harness.fileio.atomic import folder_written_whole, write_text

Report = Callable[[int, int, str, str], None]
LANDMARKS = "landmarks.txt"
ABOUT = "faceset.json"
IDENTITIES = "identities.tsv"
OWN_FILES = frozenset({ABOUT, IDENTITIES, LANDMARKS})
"""Files beside the images of an export that say something of them."""
SHARD_IMAGES = 10_000
_GROUP = 256  # images in memory at a time
_SUFFIXES = ((b"\xff\xd8\xff", "jpg"), (b"\x89PNG", "png"), (b"RIFF", "webp"), (b"BM", "bmp"))


@dataclass(frozen=True)
class _Sample:
    """One face as the exporters need it."""

    index: int
    identity: int
    sample: int
    label: int
    image: bytes

    @property
    def suffix(self) -> str:
        """File suffix by the first bytes."""
        for magic, suffix in _SUFFIXES:
            if self.image.startswith(magic):
                return suffix
        return "ppm" if self.image[:2] in (b"P3", b"P6") else "pgm"

    @property
    def path(self) -> str:
        """Identity and file, with zeros so that any sorting keeps the order."""
        return f"{self.identity:07d}/{self.sample:05d}.{self.suffix}"


def export(
    faces: FaceSet,
    layout: str,
    target: Path,
    about: Mapping[str, Any],
    report: Report = lambda *_: None,
) -> None:
    """Write a face set to the folder ``target``, which appears whole or not at all.

    ``layout`` is a key of ``LAYOUTS``; ``about`` is kept beside the images in ``faceset.json``.
    Raises ``UsageError`` when the folder exists already and holds something.
    """
    with folder_written_whole(target) as aside:
        LAYOUTS[layout](faces, aside, report)
        labels = np.unique(faces.subjects)
        table = "".join(f"{label}\t{identity}\n" for label, identity in enumerate(labels))
        write_text(aside / IDENTITIES, "label\tidentity\n" + table)
        facts = {"layout": layout, "template": faces.template, "images": len(faces), **about}
        write_text(aside / ABOUT, json.dumps(facts, indent=1, sort_keys=True) + "\n")


def _samples(faces: FaceSet, report: Report) -> Iterator[_Sample]:
    _, labels = np.unique(faces.subjects, return_inverse=True)
    for index in range(len(faces)):
        identity, sample = int(faces.subjects[index]), int(faces.samples[index])
        report(index + 1, len(faces), "images", "")
        yield _Sample(index, identity, sample, int(labels[index]), faces.read(index))


def _imagefolder(faces: FaceSet, target: Path, report: Report) -> None:
    """``identity/sample.jpg``; landmarks, if any, in a five-point file."""
    known = np.isfinite(faces.landmarks.reshape(-1, 10).sum(axis=1))
    lines = []
    for face in _samples(faces, report):
        path = target / face.path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(face.image)
        if known[face.index]:
            # Nine digits carry a float32 there and back.
            numbers = "\t".join(f"{value:.9g}" for value in faces.landmarks[face.index].flat)
            lines.append(f"{face.path}\t{numbers}\n")
    if lines:
        write_text(target / LANDMARKS, "".join(lines))


def _recordio(faces: FaceSet, target: Path, report: Report) -> None:
    """The layout of insightface: meta record 0, images from 1, then one record an identity."""
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
        for face in _samples(faces, report):
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


def _parquet(faces: FaceSet, target: Path, report: Report) -> None:
    """Files of at most 10,000 rows; ``image`` is a struct of bytes and path, as is usual."""
    import pyarrow as pa
    from pyarrow import parquet

    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema(
        [
            ("image", image),
            ("identity", pa.int64()),
            ("sample", pa.int32()),
            ("label", pa.int64()),
            ("landmarks", pa.list_(pa.float32(), 10)),
            ("box", pa.list_(pa.float32(), 4)),
            ("meta", pa.string()),
        ]
    )
    samples = _samples(faces, report)
    for number, first in enumerate(range(0, len(faces), SHARD_IMAGES)):
        last = min(first + SHARD_IMAGES, len(faces))
        path = target / f"faces-{number:05d}.parquet"
        with (
            pa.OSFile(os.fsencode(path), "wb") as sink,
            parquet.ParquetWriter(sink, schema, write_page_checksum=True) as writer,
        ):
            for start in range(first, last, _GROUP):
                rows = [_row(faces, next(samples)) for _ in range(start, min(start + _GROUP, last))]
                writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))


def _row(faces: FaceSet, face: _Sample) -> dict[str, Any]:
    return {
        "image": {"bytes": face.image, "path": face.path},
        "identity": face.identity,
        "sample": face.sample,
        "label": face.label,
        "landmarks": faces.landmarks[face.index].reshape(-1),
        "box": faces.boxes[face.index],
        "meta": json.dumps(dict(faces.meta(face.index)), sort_keys=True),
    }


def _webdataset(faces: FaceSet, target: Path, report: Report) -> None:
    """Tar files of at most 10,000 samples: image, label (``cls``) and ``json`` of each."""
    samples = _samples(faces, report)
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


LAYOUTS: Mapping[str, Callable[[FaceSet, Path, Report], None]] = {
    "imagefolder": _imagefolder,
    "recordio": _recordio,
    "parquet": _parquet,
    "webdataset": _webdataset,
}
