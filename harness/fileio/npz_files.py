"""NumPy archives from elsewhere: what they announce is checked before memory is reserved for it."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from harness.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_RATIO, FREE_BYTES = 100, 1 << 24
"""Bytes of an array for each packed byte, and those that an array may always have."""
_DAMAGE = (
    OSError,
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,  # of the header, which is Python
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_npz(path: Path, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Arrays of an ``.npz`` file by name.

    Raises ``DataError`` naming the file when it cannot be read, lacks an array, or announces one
    that is much larger than what is stored.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: _array(archive, archive.getinfo(f"{name}.npy")) for name in names}
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(f"{path} is not a readable .npz file ({reason}); get it again") from None


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    from numpy.lib import format as npy

    most = FREE_BYTES + MOST_RATIO * info.compress_size
    with archive.open(info) as file:
        shape, _, dtype = _header(file)
    announced = math.prod(shape) * dtype.itemsize
    if not 0 <= announced <= info.file_size <= most:
        raise ValueError(f"{info.filename} announces {max(announced, info.file_size)} bytes")
    with archive.open(info) as file:
        values: NDArray[Any] = npy.read_array(file, allow_pickle=False)
    return values


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, Any]:
    from numpy.lib import format as npy

    version = npy.read_magic(file)
    if version == (1, 0):
        return npy.read_array_header_1_0(file)
    return npy.read_array_header_2_0(file)
