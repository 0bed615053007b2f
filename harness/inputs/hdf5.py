"""HDF5 files that hold everything they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import DataError

MAGIC = b"\x89HDF\r\n\x1a\n"


HDF5_DAMAGE = (
    OSError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,  # RecursionError is one
    TypeError,
    ValueError,
)
"""What h5py raises for damaged files, depending on the byte."""


def hdf5_error(path: Path, error: BaseException) -> DataError:
    """What is wrong with a damaged file, in one sentence."""
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return DataError(f"{path} is not a readable HDF5 file ({reason}); get it again")


@contextmanager
def open_hdf5(path: Path) -> Iterator[Any]:
    """An ``h5py.File`` to read, which takes no data from other files.

    Raises ``DataError`` for one that does, and for damage, also when it is met inside the block.
    """
    import h5py

    require_closed(path)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except HDF5_DAMAGE as error:
        raise hdf5_error(path, error) from None


def require_closed(path: Path) -> None:
    """Raise ``DataError`` where an HDF5 file takes data from other files, naming the entry.

    It can do so by external links, virtual datasets and external storage; none of them would be
    part of the file's fingerprint.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            outside = _outside(file)
    except HDF5_DAMAGE as error:
        raise hdf5_error(path, error) from None
    if outside:
        raise DataError(
            f"{path}: {outside[0]} is {outside[1]}, which takes data from another file; "
            "write everything into one file (h5repack, or h5py's copy with expand_external)"
        )


def _outside(file: Any) -> tuple[str, str] | None:
    """Name and kind of the first entry that takes data from another file."""
    import h5py

    def of_link(name: bytes, info: Any) -> tuple[str, str] | None:
        if info.type in (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT):
            return None
        return name.decode(errors="backslashreplace"), "an external link"

    def of_object(name: str, item: Any) -> tuple[str, str] | None:
        if not isinstance(item, h5py.Dataset):
            return None
        if item.is_virtual:
            return name, "a virtual dataset"
        return (name, "a dataset with external storage") if item.external else None

    found: tuple[str, str] | None = file.id.links.visit(of_link, info=True)
    if found is None:
        found = file.visititems(of_object)
    return found
