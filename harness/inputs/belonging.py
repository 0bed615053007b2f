"""The files that belong to a file: those that its reader opens because of it.

What a file names itself is found by its format, for every component alike. What a component reads
beside it by convention is stated by ``External(beside=...)``.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable
from pathlib import Path

from harness.digests import digest, file_sha256
from harness.errors import DataError
from harness.inputs.hdf5 import MAGIC, require_closed
from harness.inputs.names import inner_path
from harness.inputs.onnx_data import external_locations

_ONNX = ".onnx"
_BLOCK = 1 << 20
_IR_VERSION = b"\x08"
"""An ONNX file begins with its first field, the version of its format."""


def belonging(path: Path) -> list[str]:
    """Paths of the files that a file names, relative to its folder with forward slashes, sorted.

    Raises ``DataError`` for an ONNX network with weights outside of its folder, and for an HDF5
    file that takes data from other files.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
        if head == MAGIC:
            require_closed(path)
        is_onnx = path.suffix.lower() == _ONNX or head.startswith(_IR_VERSION)
        locations = external_locations(path) if is_onnx else []
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; check the file") from None
    return sorted({_inside(path, location) for location in locations})


def content_of(path: str, mode: int) -> tuple[str, list[str]]:
    """SHA-256 of a file and the files that it names, opened once; ``mode`` is that of its status.

    For folders of many small files, where opening costs more than hashing. Raises as
    :func:`belonging` and :func:`harness.digests.file_sha256` do, ``OSError`` included.
    """
    if not stat.S_ISREG(mode):
        return file_sha256(Path(path)), []  # which says what it is
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (a Path costs as much as the hash)
        head = file.read(_BLOCK)
        hashed, block = hashlib.sha256(head), head
        while block and (block := file.read(_BLOCK)):
            hashed.update(block)
    named = head.startswith((MAGIC, _IR_VERSION)) or path.lower().endswith(_ONNX)
    return hashed.hexdigest(), belonging(Path(path)) if named else []


def content_sha256(path: Path) -> str:
    """SHA-256 of a file, or a digest of it and of the files that it names."""
    own, names = file_sha256(path), belonging(path)
    more = [[name, file_sha256(path.parent / name)] for name in names]
    return digest([own, more]) if more else own


def beside(path: Path, names: Iterable[str]) -> list[str]:
    """Those of ``names`` that are files beside ``path``; a suffix replaces its own."""
    wanted = {path.with_suffix(n).name if n.startswith(".") else n for n in names} - {path.name}
    return sorted(name for name in wanted if (path.parent / name).is_file())


def _inside(path: Path, location: str) -> str:
    inner = inner_path(location)
    if inner is None or not inner.parts:
        raise DataError(
            f"{path} keeps weights in {location!r}, which is outside of its folder; save the "
            "network again with its weights beside it"
        )
    if not (path.parent / inner).is_file():
        raise DataError(
            f"{path} keeps weights in {inner}, which is not in {path.parent}; copy it there"
        )
    return inner.as_posix()
