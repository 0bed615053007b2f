"""Many names in little memory, as Arrow strings.

A NumPy array of dtype ``U`` gives every entry the room of the longest one, so a single long name
in a list of a million costs gigabytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa


def pack(values: Iterable[str]) -> pa.LargeStringArray:
    """The values as an Arrow array; what is not Unicode in a name becomes a backslash escape."""
    import pyarrow as pa

    texts = [value.encode("utf-8", "backslashreplace").decode() for value in values]
    return pa.array(texts, pa.large_string())


def write_strings(path: Path, values: Iterable[str]) -> None:
    """Write the values as an Arrow IPC file of one column."""
    import pyarrow as pa

    table = pa.table({"text": pack(values)})
    with pa.OSFile(os.fsencode(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def read_strings(path: Path) -> Sequence[str]:
    """The values that :func:`write_strings` wrote, left on disk until each is asked for.

    Raises ``DataError`` naming the file when it cannot be read.
    """
    import pyarrow as pa

    try:
        table = pa.ipc.open_file(pa.memory_map(os.fsencode(path))).read_all()
        return Strings(table["text"].combine_chunks())
    except (OSError, KeyError, pa.ArrowException) as error:
        raise DataError(f"cannot read {path}: {error}; remove it to make it again") from None


class Strings(Sequence[str]):
    """An Arrow array as a sequence of Python strings, which are made one at a time."""

    def __init__(self, values: pa.LargeStringArray) -> None:
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int | slice) -> str | list[str]:  # type: ignore[override]
        if isinstance(index, slice):
            found: list[str] = self._values[index].to_pylist()
            return found
        return str(self._values[index])
