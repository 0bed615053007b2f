"""Parquet files read in place: identities of all rows, images by random access."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from harness.plugin import DataError
from harness.plugin.sources import SourceImage

from .facts import flat, numbers, parse

IDENTITY = ("identity", "label")
MORE = ("landmarks", "box", "meta")
MOST_BYTES = 1 << 30
"""A group of rows is read at once; one of more bytes does not fit beside others in memory."""
MOST_RATIO, FREE_BYTES = 100, 1 << 26
"""Bytes of a group for each byte of its file, and those that a group may always have.

A dictionary or a compressed page of a few bytes can stand for gigabytes; images do not shrink so.
"""
_BATCH_ROWS = 64
_LONGEST_NAME = 1000


class ParquetRows:
    """Images of Parquet files, one row per image; one group of rows is in memory at a time.

    ``codes`` int64 (rows,) say which of ``names`` each row is.
    """

    def __init__(self, paths: Sequence[Path], image: str, identity: str | None = None) -> None:
        self._paths, self._image = paths, image
        self.notes: Sequence[str] = ()
        groups: list[tuple[int, int, int]] = []  # file, group in it, rows
        known: dict[str, int] = {}
        codes: list[NDArray[np.int64]] = []
        for number, path in enumerate(paths):
            with _opened(path) as file:
                identity = identity or _identity_of(path, file)
                _require(path, file, image, identity)
                groups += [(number, *group) for group in _groups(path, file)]
            with _opened(path, identity) as file:
                codes += _identities(path, file, identity, known)
        self._groups = groups
        self._starts = np.cumsum([0, *(rows for *_, rows in groups)])
        self._first = {number: start for (number, group, _), start in
                       zip(groups, self._starts.tolist(), strict=False) if group == 0}  # fmt: skip
        self.names: Sequence[str] = list(known)
        self.codes: NDArray[np.int64] = np.concatenate([*codes, np.empty(0, np.int64)])
        if not len(self.codes):
            raise DataError(f"{paths[0]} holds no row, nor does any file beside it")
        self._loaded: tuple[int, pa.Table | None] = (-1, None)

    def read(self, row: int) -> SourceImage:
        """One image; raises ``DataError`` naming the file and the row in it."""
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        file, group, _ = self._groups[number]
        path, at = self._paths[file], row - int(self._starts[number])
        name = f"{path.name} row {row - self._first[file]}"
        if self._loaded[0] != number:
            self._loaded = -1, None  # one group in memory, not two
            self._loaded = number, self._load(path, group, name)
        table = self._loaded[1]
        assert table is not None
        try:
            cells: dict[str, Any] = {key: table[key][at].as_py() for key in table.column_names}
        except (pa.ArrowException, ValueError) as error:
            raise DataError(f"{name}: {error}") from None
        data = cells[self._image]
        data = data.get("bytes") if isinstance(data, dict) else data
        if not isinstance(data, bytes):
            raise DataError(f"{name}: column {self._image} holds no bytes of an image")
        meta = cells.get("meta")
        return SourceImage(
            data,
            name,
            numbers(cells.get("landmarks"), (5, 2), name, "landmarks"),
            numbers(cells.get("box"), (4,), name, "box"),
            flat(parse(meta, name) if isinstance(meta, str) else meta),
        )

    def _load(self, path: Path, group: int, name: str) -> pa.Table:
        try:
            with _opened(path) as file:
                here = file.schema_arrow.names
                columns = [self._image, *(key for key in MORE if here.count(key) == 1)]
                batches = file.iter_batches(_BATCH_ROWS, [group], columns, use_threads=False)
                return pa.Table.from_batches(_within(batches, path))
        except DataError as error:
            raise DataError(f"{name}: {error}") from None


def _within(batches: Iterator[pa.RecordBatch], path: Path) -> Iterator[pa.RecordBatch]:
    """The batches of a group; raises ``DataError`` when they grow beyond what images can."""
    room = min(MOST_BYTES, FREE_BYTES + MOST_RATIO * path.stat().st_size)
    for batch in batches:
        room -= batch.nbytes
        if room < 0:
            raise DataError(
                f"{path} unpacks to more than {MOST_RATIO} times its size; if it is meant, write "
                "the file with a smaller row_group_size"
            )
        yield batch


@contextmanager
def _opened(path: Path, coded: str | None = None) -> Iterator[parquet.ParquetFile]:
    """An open file; text of the column ``coded`` comes as codes of a dictionary."""
    try:
        with (
            pa.OSFile(os.fsencode(path), "rb") as source,
            parquet.ParquetFile(
                source, page_checksum_verification=True, read_dictionary=[coded] if coded else None
            ) as file,
        ):
            yield file
    except (pa.ArrowException, OSError, ValueError, TypeError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"{path} is not a readable Parquet file ({reason}); copy it again"
        ) from None


def _identity_of(path: Path, file: parquet.ParquetFile) -> str:
    found = next((name for name in IDENTITY if name in file.schema_arrow.names), None)
    if found is None:
        raise DataError(
            f"{path} has no column {' or '.join(IDENTITY)} but {', '.join(file.schema_arrow.names)}"
            "; set identity_column"
        )
    return found


def _require(path: Path, file: parquet.ParquetFile, image: str, identity: str) -> None:
    names = file.schema_arrow.names
    for key, option in ((image, "image_column"), (identity, "identity_column")):
        if names.count(key) != 1:
            raise DataError(
                f"{path} has {names.count(key) or 'no'} columns {key!r} of {', '.join(names)}; set "
                f"{option}"
            )


def _groups(path: Path, file: parquet.ParquetFile) -> Iterator[tuple[int, int]]:
    """Number and rows of every group of rows."""
    if not 0 <= file.metadata.num_rows <= path.stat().st_size:
        raise DataError(
            f"{path} claims {file.metadata.num_rows} rows in {path.stat().st_size} bytes, which "
            "cannot be images; copy it again"
        )
    for group in range(file.metadata.num_row_groups):
        facts = file.metadata.row_group(group)
        if not 0 <= facts.total_byte_size <= MOST_BYTES:
            raise DataError(
                f"{path}: group {group} of {facts.num_rows} rows holds {facts.total_byte_size} "
                "bytes, which are read at once; write the file with a smaller row_group_size"
            )
        yield group, facts.num_rows


def _identities(
    path: Path, file: parquet.ParquetFile, column: str, known: dict[str, int]
) -> list[NDArray[np.int64]]:
    """The number of the identity of every row; new identities are added to ``known``."""
    found: list[NDArray[np.int64]] = []
    rows = 0
    for batch in file.iter_batches(columns=[column], use_threads=False):
        values = batch.column(0)
        _check_identities(path, column, values, rows)
        coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        names = [_name(path, column, value) for value in coded.dictionary.to_pylist()]
        numbers = np.array([known.setdefault(name, len(known)) for name in names], np.int64)
        found.append(numbers[coded.indices.to_numpy()])
        rows += len(values)
    if rows != file.metadata.num_rows:
        raise DataError(f"{path}: column {column} has not as many rows as the file; copy it again")
    return found


def _check_identities(path: Path, column: str, values: pa.Array, row: int) -> None:
    """Refuse values that name nobody; ``row`` is that of the first of them."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if not (
        pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    ):
        raise DataError(
            f"{path}: column {column} is of type {kind}, identities are whole numbers or text; set "
            "identity_column"
        )
    if values.null_count:
        row += int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0])
        raise DataError(
            f"{path}, row {row}: column {column} is empty there; every image needs an identity"
        )
    values.validate(full=True)


def _name(path: Path, column: str, value: str | int | None) -> str:
    name = str(value)
    if value is None or len(name) > _LONGEST_NAME:
        raise DataError(f"{path}: {name[:20]!r} in column {column} is not a name of an identity")
    return name
