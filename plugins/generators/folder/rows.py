"""Parquet files read in place: identities of all rows, images by random access."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from harness.errors import DataError
from harness.faces.source import SourceImage

from .facts import flat, numbers, parse

IDENTITY = ("identity", "label")
MORE = ("landmarks", "box", "meta")
MOST_BYTES = 1 << 30
"""A group of rows is read at once; one of more bytes does not fit beside others in memory."""


class ParquetRows:
    """Images of Parquet files, a row an image; one group of rows is in memory at a time.

    ``codes`` int64 (rows,) say which of ``names`` each row is.
    """

    def __init__(self, paths: Sequence[Path], image: str, identity: str | None = None) -> None:
        self._paths, self._image = paths, image
        self.notes: Sequence[str] = ()
        groups: list[tuple[int, int, int]] = []  # file, group in it, rows
        columns = []
        for number, path in enumerate(paths):
            with _opened(path) as file:
                identity = identity or _identity_of(path, file)
                _require(path, file, image, identity)
                groups += [(number, *group) for group in _groups(path, file)]
                columns.append(_identities(path, file, identity))
        self._groups = groups
        self._starts = np.cumsum([0, *(rows for *_, rows in groups)])
        self._first = {number: start for (number, group, _), start in
                       zip(groups, self._starts.tolist(), strict=False) if group == 0}  # fmt: skip
        coded = pa.chunked_array(columns, pa.string()).combine_chunks().dictionary_encode()
        self.names: Sequence[str] = coded.dictionary.to_pylist()
        self.codes: NDArray[np.int64] = coded.indices.to_numpy().astype(np.int64)
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
                return file.read_row_group(group, columns=columns, use_threads=False)
        except DataError as error:
            raise DataError(f"{name}: {error}") from None


@contextmanager
def _opened(path: Path) -> Iterator[parquet.ParquetFile]:
    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            yield file
    except (pa.ArrowException, OSError, ValueError, TypeError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is no readable Parquet file ({reason}); copy it again") from None


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
    for group in range(file.metadata.num_row_groups):
        facts = file.metadata.row_group(group)
        if not 0 <= facts.total_byte_size <= MOST_BYTES:
            raise DataError(
                f"{path}: group {group} of {facts.num_rows} rows holds {facts.total_byte_size} "
                "bytes, which are read at once; write the file with a smaller row_group_size"
            )
        yield group, facts.num_rows


def _identities(path: Path, file: parquet.ParquetFile, column: str) -> pa.Array:
    """The identity of every row as text."""
    read = file.read(columns=[column], use_threads=False)
    if read.num_rows != file.metadata.num_rows or read.num_columns != 1:
        raise DataError(f"{path}: column {column} has not as many rows as the file; copy it again")
    values = read.column(0).combine_chunks()
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if not (
        pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    ):
        raise DataError(
            f"{path}: column {column} is of type {kind}, identities are whole numbers or text; set "
            "identity_column"
        )
    if values.null_count:
        row = int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0])
        raise DataError(
            f"{path}, row {row}: column {column} is empty there and in "
            f"{values.null_count - 1} more rows; every image needs an identity"
        )
    text = values.cast(pa.string())
    text.validate(full=True)
    return text
