"""RecordIO, the file layout of insightface's training sets, read and written without MXNet.

A record is ``uint32 magic, uint32 (flag << 29 | length), payload``, padded to four bytes. A payload
that holds the magic at a multiple of four is split there: parts are flagged 1, 2, 3 (first, middle,
last) and the magic between them is left out. The payload of an image is a header (``uint32 flag,
float32 label, uint64 id, uint64 id2``), ``flag`` float32 labels, and the encoded image.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.fileio.texts import encoding_of

MAGIC = 0xCED7230A
EXACT_FLOAT = 1 << 24
"""Labels are float32: whole numbers from here on are rounded."""

_MAGIC = struct.pack("<I", MAGIC)
_FRAME = struct.Struct("<II")
_HEADER = struct.Struct("<IfQQ")
_LONGEST = (1 << 29) - 1
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)
_PEEK = np.dtype(
    [
        ("magic", "<u4"),
        ("frame", "<u4"),
        ("flag", "<u4"),
        ("label", "<f4"),
        ("ids", "<u8", 2),
        ("first", "<f4"),
    ]
)
_CHUNK = 1 << 16


@dataclass(frozen=True)
class RecordIORecord:
    """Labels, number and body (an encoded image, or nothing) of one record.

    ``array`` tells one label in the header from an array of labels after it.
    """

    labels: tuple[float, ...]
    number: int
    body: bytes
    array: bool = False


@dataclass(frozen=True)
class Headers:
    """What the headers of N records say.

    The first label, float64 (N,); whether it is in an array of labels, bool (N,); the size of
    the body in bytes, int64 (N,).
    """

    labels: NDArray[np.float64]
    arrays: NDArray[np.bool_]
    body_bytes: NDArray[np.int64]


class RecordFile:
    """A ``.rec`` file, memory-mapped; reads are independent of each other.

    Every damage is a ``DataError`` that names the file and the offset in bytes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise DataError(f"cannot read {path}: {error}; check the file") from None

    def __len__(self) -> int:
        return len(self._map)

    def record(self, offset: int) -> RecordIORecord:
        """The record that begins at ``offset``."""
        payload, _ = self._payload(offset)
        if len(payload) < _HEADER.size:
            raise self._damage(offset, f"a record of {len(payload)} bytes has no header")
        flag, label, number, _ = _HEADER.unpack_from(payload)
        start = _HEADER.size + 4 * flag
        if len(payload) < start:
            raise self._damage(
                offset, f"a record of {len(payload)} bytes cannot hold {flag} labels"
            )
        labels = struct.unpack_from(f"<{flag}f", payload, _HEADER.size) if flag else (label,)
        return RecordIORecord(labels, number, payload[start:], flag > 0)

    def offsets(self) -> Iterator[int]:
        """Where each record begins, found by walking through the file."""
        at = 0
        while at < len(self):
            yield at
            _, at = self._payload(at)

    def headers(self, offsets: NDArray[np.int64]) -> Headers:
        """Headers of the records at these offsets, without reading their bodies.

        Raises ``DataError`` for records that share bytes: a small file could hold terabytes.
        """
        found = Headers(
            np.empty(len(offsets), np.float64),
            np.empty(len(offsets), np.bool_),
            np.empty(len(offsets), np.int64),
        )
        for start in range(0, len(offsets), _CHUNK):
            self._peek(offsets[start : start + _CHUNK], found, start)
        self._check_shared(int(found.body_bytes.sum()))
        return found

    def _check_shared(self, body_bytes: int) -> None:
        if body_bytes > len(self):
            raise DataError(f"{self.path}: records of its index share bytes; copy both files again")

    def _peek(self, offsets: NDArray[np.int64], found: Headers, start: int) -> None:
        fits = (offsets >= 0) & (offsets <= len(self) - _PEEK.itemsize)
        at = np.where(fits, offsets, 0)[:, None] + np.arange(_PEEK.itemsize)
        if len(self) >= _PEEK.itemsize:
            rows = np.frombuffer(self._map, np.uint8)[at].view(_PEEK)[:, 0]
        else:
            rows, fits = np.zeros(len(offsets), _PEEK), np.zeros(len(offsets), np.bool_)
        length = (rows["frame"] & _LONGEST).astype(np.int64)
        body = length - _HEADER.size - 4 * rows["flag"].astype(np.int64)
        plain = fits & (rows["magic"] == MAGIC) & (rows["frame"] >> 29 == _WHOLE)
        plain &= (body >= 0) & (offsets + _FRAME.size + length <= len(self))
        here = slice(start, start + len(offsets))
        found.arrays[here] = rows["flag"] > 0
        with np.errstate(invalid="ignore"):  # labels of damaged records, which are read below
            found.labels[here] = np.where(rows["flag"] > 0, rows["first"], rows["label"])
        found.body_bytes[here] = body
        read = 0
        for row in np.flatnonzero(~plain):
            record = self.record(int(offsets[row]))
            read += len(record.body)
            self._check_shared(read)
            found.labels[start + row] = record.labels[0]
            found.arrays[start + row] = record.array
            found.body_bytes[start + row] = len(record.body)

    def _payload(self, offset: int) -> tuple[bytes, int]:
        """The concatenated parts of a record, and where the next record begins."""
        parts: list[bytes] = []
        at = offset
        while True:
            if not 0 <= at <= len(self) - _FRAME.size:
                raise self._damage(at, "the file ends where a record should begin")
            magic, frame = _FRAME.unpack_from(self._map, at)
            flag, length = frame >> 29, frame & _LONGEST
            if magic != MAGIC:
                raise self._damage(at, "no record begins here")
            if flag > _LAST or (flag in (_WHOLE, _FIRST)) == bool(parts):
                raise self._damage(at, f"the parts of a split record are out of order ({flag})")
            end = at + _FRAME.size + length
            if end > len(self):
                raise self._damage(at, f"a record of {length} bytes runs over the end of the file")
            parts.append(self._map[at + _FRAME.size : end])
            at = end + -length % 4
            if flag in (_WHOLE, _LAST):
                return _MAGIC.join(parts), min(at, len(self))

    def _damage(self, offset: int, what: str) -> DataError:
        return DataError(f"{self.path}, offset {offset}: {what}; copy the file again")


def read_index(path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keys and offsets, both int64 (N,), of an ``.idx`` file: ``key<TAB>offset`` a line.

    Raises ``DataError`` naming the file for anything else, and for a key or offset given twice.
    """
    import pyarrow as pa
    from pyarrow import csv

    encoding = encoding_of(path)
    try:
        table = csv.read_csv(
            path,
            read_options=csv.ReadOptions(
                use_threads=False,
                column_names=["key", "offset"],
                encoding="utf8" if encoding.startswith("utf-8") else encoding,
            ),
            parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=csv.ConvertOptions(
                column_types={"key": pa.int64(), "offset": pa.int64()}, null_values=[]
            ),
        )
    except (pa.ArrowException, UnicodeError, OSError) as error:
        raise DataError(f"{path} is not an index of key<TAB>offset lines: {error}") from None
    keys, offsets = table["key"].to_numpy(), table["offset"].to_numpy()
    for name, column in (("key", keys), ("offset", offsets)):
        if len(column) and column.min() < 0:
            raise DataError(f"{path} holds the negative {name} {column.min()}; copy it again")
        values, counts = np.unique(column, return_counts=True)
        if (counts > 1).any():
            raise DataError(f"{path} holds the {name} {values[counts > 1][0]} more than once")
    return keys, offsets


class RecordWriter:
    """Writes records one after the other and remembers where each begins."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._at = file, 0
        self.index: list[tuple[int, int]] = []

    def write(self, key: int, labels: float | Sequence[float], body: bytes = b"") -> None:
        """Append a record under ``key``; several labels become an array after the header."""
        if isinstance(labels, Sequence):
            head = _HEADER.pack(len(labels), 0.0, key, 0)
            head += struct.pack(f"<{len(labels)}f", *labels)
        else:
            head = _HEADER.pack(0, labels, key, 0)
        self.index.append((key, self._at))
        parts = _split(head + body)
        for number, part in enumerate(parts):
            if len(part) > _LONGEST:
                raise DataError(f"record {key} has {len(part)} bytes, more than RecordIO can hold")
            flag = _flag(number, len(parts))
            frame = _FRAME.pack(MAGIC, flag << 29 | len(part)) + part + bytes(-len(part) % 4)
            self._file.write(frame)
            self._at += len(frame)

    def index_text(self) -> str:
        """Content of the ``.idx`` file."""
        return "".join(f"{key}\t{offset}\n" for key, offset in self.index)


def _flag(number: int, parts: int) -> int:
    if parts == 1:
        return _WHOLE
    if number == 0:
        return _FIRST
    return _LAST if number == parts - 1 else _MIDDLE


def _split(payload: bytes) -> list[bytes]:
    """The payload cut at every magic that is at a multiple of four, the magic left out."""
    parts, start, at = [], 0, payload.find(_MAGIC)
    while at >= 0:
        if at % 4 == 0:
            parts.append(payload[start:at])
            start = at + 4
            at = payload.find(_MAGIC, start)
        else:
            at = payload.find(_MAGIC, at + 1)
    return [*parts, payload[start:]]
