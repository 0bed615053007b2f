"""Face sets on disk: Arrow IPC shards, memory-mapped, one row per slot.

A shard holds the encoded images of consecutive slots, with their landmarks, boxes and metadata; a
slot that could not be filled keeps its row, with the reason and no image. Any Arrow tool opens it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import TypeAdapter

from harness.errors import DataError
from harness.faces.face import Face, MetaValue, Missing, Slot
from harness.fileio.atomic import written_whole
from harness.fileio.decoding import json_value, reason
from harness.fileio.verified import checked, unreadable

SCHEMA = pa.schema(
    [
        ("identity", pa.int64()),
        ("sample", pa.int32()),
        ("image", pa.binary()),
        ("landmarks", pa.list_(pa.float32(), 10)),
        ("box", pa.list_(pa.float32(), 4)),
        ("template", pa.string()),
        ("meta", pa.string()),
        ("missing", pa.string()),
    ]
)
NO_POINTS = np.full(10, np.nan, np.float32)
NO_BOX = np.full(4, np.nan, np.float32)
_SKETCH = 16
"""Bytes at the end, where a PNG has its checksum, and in the middle that stand for an image."""
_PRIME = np.uint64(0x100000001B3)
_META = TypeAdapter(dict[str, MetaValue])


@dataclass(frozen=True)
class ShardFacts:
    """Counts and content digest of one shard; the digest is of the samples alone."""

    faces: int
    missing: int
    image_bytes: int
    sha256: str


def shard_path(folder: Path, index: int) -> Path:
    """File of shard ``index``."""
    return folder / f"shard-{index:06d}.arrow"


def write_shard(path: Path, faces: Iterable[Face | Missing]) -> ShardFacts:
    """Write one shard whole, with its facts beside it."""
    if not path.parent.is_dir():
        raise DataError(f"the folder of face set shard {path} is gone; run again")
    rows = [_row(item) for item in faces]
    facts = _facts(rows)
    batch = pa.RecordBatch.from_pylist(rows, schema=SCHEMA)
    schema = SCHEMA.with_metadata({
        b"facts": json.dumps(vars(facts)).encode(), b"points": _points_digest(batch)
    })  # fmt: skip
    batch = batch.replace_schema_metadata(schema.metadata)
    with written_whole(path) as aside, pa.OSFile(os.fsencode(aside), "wb") as sink:
        with pa.ipc.new_file(sink, schema) as writer:
            writer.write_batch(batch)
    return facts


def shard_facts(path: Path) -> ShardFacts:
    """The facts of a finished shard, after its content was compared with them.

    Raises ``DataError`` if it is damaged. Reads the whole shard: for those of an interrupted run,
    which no manifest vouches for yet.
    """
    batch = _open(path)
    try:
        facts = ShardFacts(**json_value(batch.schema.metadata[b"facts"]))
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable(path, error) from None
    points = batch.schema.metadata.get(b"points")  # absent in shards of older releases
    if facts != _facts(batch.to_pylist()) or points not in (None, _points_digest(batch)):
        raise unreadable(path, "its content does not fit its digest")
    return facts


def _facts(rows: Sequence[Mapping[str, Any]]) -> ShardFacts:
    content = hashlib.sha256()
    for row in rows:
        for part in (row["identity"], row["sample"], row["missing"], row["meta"]):
            content.update(f"{part}\n".encode())
        content.update(row["image"] or b"")
    sizes = [len(row["image"]) for row in rows if row["image"] is not None]
    return ShardFacts(len(sizes), len(rows) - len(sizes), sum(sizes), content.hexdigest())


def _points_digest(batch: pa.RecordBatch) -> bytes:
    """Digest of what ``sha256`` leaves out: landmarks, boxes and templates."""
    columns = _columns(batch)
    content = hashlib.sha256(columns["landmarks"].tobytes() + columns["box"].tobytes())
    content.update(json.dumps(batch["template"].to_pylist()).encode())
    return content.hexdigest().encode()


def _row(item: Face | Missing) -> dict[str, Any]:
    slot = {"identity": item.slot.identity, "sample": item.slot.sample}
    if isinstance(item, Missing):
        return slot | {"image": None, "landmarks": NO_POINTS, "box": NO_BOX, "template": None,
                       "meta": "{}", "missing": item.reason}  # fmt: skip
    points = NO_POINTS if item.landmarks is None else _floats(item.landmarks, 10, item.slot)
    box = NO_BOX if item.box is None else _floats(item.box, 4, item.slot)
    meta = json.dumps(dict(item.meta), sort_keys=True, separators=(",", ":"))
    return slot | {"image": item.image, "landmarks": points, "box": box,
                   "template": item.template, "meta": meta, "missing": None}  # fmt: skip


def _floats(values: NDArray[np.float32], size: int, slot: Slot) -> NDArray[np.float32]:
    flat = np.asarray(values, np.float32).reshape(-1)
    if flat.size != size or not np.isfinite(flat).all():
        raise DataError(
            f"sample {slot.sample} of identity {slot.identity} has landmarks or a box that are not "
            f"{size} finite numbers; fix the generator"
        )
    return flat


class FaceSet:
    """A stored face set as ordered images: present faces only, in slot order.

    Implements :class:`harness.components.Images`. ``subjects`` are the identities; ``samples`` the
    sample numbers, int32 (N,). With ``identities`` only the first N identities are seen.
    Shards are verified when they are opened; ``verify=False`` is for tools that inspect damage.
    """

    def __init__(self, folder: Path, identities: int | None = None, *, verify: bool = True) -> None:
        self.folder = folder
        paths = sorted(folder.glob("shard-*.arrow"))
        if not paths:
            raise DataError(f"{folder} holds no face set; run the study again to make it")
        self._paths, self._batches = paths, [_open(path, verify=verify) for path in paths]
        columns = [_columns(batch) for batch in self._batches]
        shard = np.repeat(np.arange(len(columns)), [len(c["identity"]) for c in columns])
        row = np.concatenate([np.arange(len(c["identity"])) for c in columns])
        whole = {name: np.concatenate([c[name] for c in columns]) for name in columns[0]}
        keep = whole["present"].copy()
        if identities is not None:
            keep &= whole["identity"] < identities
        self._shard, self._row = shard[keep], row[keep]
        self.subjects: NDArray[np.int64] = whole["identity"][keep]
        self.samples: NDArray[np.int32] = whole["sample"][keep]
        self.landmarks: NDArray[np.float32] = whole["landmarks"][keep].reshape(-1, 5, 2)
        self.boxes: NDArray[np.float32] = whole["box"][keep]
        self.names: Sequence[str] = _Names(self.subjects, self.samples)
        self.template: str | None = self._only_template()

    def __len__(self) -> int:
        return len(self._row)

    def read(self, index: int) -> bytes:
        """Encoded bytes of one face."""
        image: bytes = self._cell("image", index)
        return image

    def sketches(self) -> NDArray[np.uint64]:
        """A number for each face, uint64 (N,): equal for equal bytes, seldom for others.

        From the size and 32 of the bytes, so that a large set need not be read whole.
        """
        every = [_sketches(batch["image"]) for batch in self._batches]
        starts = np.cumsum([0, *(len(batch) for batch in self._batches)])
        found: NDArray[np.uint64] = np.concatenate(every)[starts[self._shard] + self._row]
        return found

    def meta(self, index: int) -> Mapping[str, MetaValue]:
        """Metadata of one face."""
        text = self._cell("meta", index)
        try:
            return _META.validate_python(json_value(text))
        except ValueError as error:
            raise unreadable(
                self._paths[self._shard[index]], f"metadata: {reason(error)}"
            ) from None

    def find(self, slot: Slot) -> int:
        """Index of a slot; raises ``DataError`` when it is missing."""
        hits = np.flatnonzero((self.subjects == slot.identity) & (self.samples == slot.sample))
        if not len(hits):
            raise DataError(
                f"face set {self.folder.name[:12]} has no sample {slot.sample} of identity "
                f"{slot.identity}; see `harness faces stats`"
            )
        return int(hits[0])

    def missing(self) -> Iterator[Missing]:
        """The slots that could not be filled, with their reasons."""
        for batch in self._batches:
            for row in np.flatnonzero(~_columns(batch)["present"]):
                identity, sample = batch["identity"][row].as_py(), batch["sample"][row].as_py()
                yield Missing(Slot(identity, sample), batch["missing"][row].as_py())

    def _cell(self, column: str, index: int) -> Any:
        return self._batches[self._shard[index]][column][int(self._row[index])].as_py()

    def _only_template(self) -> str | None:
        names: set[str | None] = set()
        for batch in self._batches:
            present = batch["template"].filter(batch["image"].is_valid())
            names.update(present.unique().to_pylist())
        return names.pop() if len(names) == 1 else None


def source_names(faces: FaceSet, rows: NDArray[np.integer[Any]]) -> dict[int, MetaValue]:
    """What the source of a set calls the subjects of some rows; those without a name are left out.

    Text where a data set has labels; a generator may number its people.
    """
    subjects, first = np.unique(faces.subjects[rows], return_index=True)
    metas = ((int(s), faces.meta(int(rows[i]))) for s, i in zip(subjects, first, strict=True))
    found = {subject: meta.get("source_identity") for subject, meta in metas}
    return {subject: name for subject, name in found.items() if name is not None}


class _Names(Sequence[str]):
    """``identity/sample`` for every face, made when asked: a million names need no memory."""

    def __init__(self, identities: NDArray[np.int64], samples: NDArray[np.int32]) -> None:
        self._identities, self._samples = identities, samples

    def __len__(self) -> int:
        return len(self._identities)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return f"{self._identities[index]}/{self._samples[index]}"


def _open(path: Path, *, verify: bool = True) -> pa.RecordBatch:
    """The rows of a shard, verified. Raises ``DataError`` naming a shard that is damaged."""
    try:
        source = pa.memory_map(os.fsencode(checked(path) if verify else path))
        batch = pa.ipc.open_file(source).get_batch(0)
        # Offsets that point outside a shard without a digest would crash the process.
        batch.validate(full=True)
    except (OSError, pa.ArrowException, IndexError) as error:
        raise unreadable(path, error) from None
    if not batch.schema.equals(SCHEMA):
        raise unreadable(path, "its columns are not those of a face set")
    return batch


def _sketches(images: pa.Array) -> NDArray[np.uint64]:
    """See :meth:`FaceSet.sketches`, of all rows; what an empty or absent image has says nothing."""
    _, ends, content = images.buffers()
    ends = np.frombuffer(ends, np.int32)[images.offset :][: len(images) + 1].astype(np.int64)
    data = np.frombuffer(content or b"", np.uint8)
    found = np.diff(ends).astype(np.uint64)
    if not len(data):
        return found
    for first in (ends[1:] - _SKETCH, (ends[:-1] + ends[1:]) // 2):
        for step in range(_SKETCH):
            byte = data[np.clip(first + step, ends[:-1], np.maximum(ends[1:] - 1, 0))]
            found = found * _PRIME + byte
    return found


def _columns(batch: pa.RecordBatch) -> dict[str, NDArray[Any]]:
    return {
        "identity": batch["identity"].to_numpy(),
        "sample": batch["sample"].to_numpy(),
        "present": batch["image"].is_valid().to_numpy(zero_copy_only=False),
        "landmarks": batch["landmarks"].flatten().to_numpy().reshape(-1, 10),
        "box": batch["box"].flatten().to_numpy().reshape(-1, 4),
    }
