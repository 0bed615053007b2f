"""Arrays to Arrow files and back: scores and curves of a cell."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from harness.errors import DataError
from harness.fileio.atomic import written_whole


def write_columns(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write one-dimensional arrays of equal length as an Arrow IPC file, whole or not at all."""
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    with written_whole(path) as aside, pa.OSFile(os.fsencode(aside), "wb") as sink:
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)


def read_columns(
    path: Path, wanted: Callable[[str], bool] | None = None
) -> dict[str, NDArray[Any]]:
    """Read what ``write_columns`` wrote, or only the columns whose names are ``wanted``.

    Raises ``DataError`` naming the file when it cannot.
    """
    try:
        with pa.OSFile(os.fsencode(path), "rb") as source:
            file = pa.ipc.open_file(source)
            if wanted is not None:
                chosen = [k for k, name in enumerate(file.schema.names) if wanted(name)]
                options = pa.ipc.IpcReadOptions(included_fields=chosen)
                file = pa.ipc.open_file(source, options=options)
            table = file.read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(f"cannot read {path}: {error}; run the study again to make it") from None
    return {name: np.asarray(table[name].to_numpy()) for name in table.column_names}
