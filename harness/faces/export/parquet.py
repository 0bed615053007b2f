"""Parquet files, one row per image."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from harness.faces.export import Report
from harness.faces.export._samples import SHARD_IMAGES, Sample, samples_of
from harness.faces.store import FaceSet

_GROUP = 256  # images in memory at a time


def write(faces: FaceSet, target: Path, report: Report) -> None:
    """Files of at most 10,000 rows; ``image`` is a struct of bytes and path, as is usual."""
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
    samples = samples_of(faces, report)
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


def _row(faces: FaceSet, face: Sample) -> dict[str, Any]:
    return {
        "image": {"bytes": face.image, "path": face.path},
        "identity": face.identity,
        "sample": face.sample,
        "label": face.label,
        "landmarks": faces.landmarks[face.index].reshape(-1),
        "box": faces.boxes[face.index],
        "meta": json.dumps(dict(faces.meta(face.index)), sort_keys=True),
    }
