"""Columns of scores too large for memory: they are in a scratch file without a name."""

from __future__ import annotations

import mmap
import os
import tempfile

import numpy as np
from numpy.typing import NDArray

from harness.errors import PrerequisiteError

IN_MEMORY = 1 << 22  # entries: columns below 16 MiB are ordinary arrays


def float_column(size: int) -> NDArray[np.float32]:
    """A float32 (size,) array to be filled; a large one is mapped from a scratch file.

    The file is in the folder for temporary files (``TMPDIR``), has no name and goes with the
    array. The system may move its pages out of memory at any time. Raises PrerequisiteError where
    the folder has no room.
    """
    if size < IN_MEMORY:
        return np.empty(size, np.float32)
    try:
        with tempfile.TemporaryFile() as file:
            _reserve(file.fileno(), 4 * size)
            return np.frombuffer(mmap.mmap(file.fileno(), 4 * size), np.float32)
    except OSError as error:
        raise PrerequisiteError(
            f"{4 * size / 1e6:,.0f} MB for scores cannot be had in {tempfile.gettempdir()}: "
            f"{error.strerror}; free some space or set TMPDIR to a larger folder"
        ) from None


def _reserve(file: int, size: int) -> None:
    """Make a file of ``size`` bytes that are there: a full disk must not end in a bus error."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:
        os.truncate(file, size)


def release(column: NDArray[np.float32]) -> None:
    """Let go of the memory of a mapped column; its values stay and are read again when needed."""
    mapped = getattr(column.base, "obj", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
