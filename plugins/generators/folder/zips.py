"""Zip files read in place: the list of members in arrays, their bytes by random access."""

from __future__ import annotations

import mmap
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.files import Strings, inner_path, is_hidden_path, pack
from harness.plugin.sources import HIDDEN, LeftOut, natural, reason_against

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1
_Numbers = tuple[int, int, int, int, int]  # offset, packed size, size, CRC-32, method
MOST_BYTES = 1 << 28
"""An image of more bytes is a mistake or an attack, not a face."""

_LARGE, _SHRINKS, _BEGIN = 1 << 24, 100, 64
_UNPACKED = (b"BM", b"P")
"""Begin of BMP and PNM files, which may shrink a thousand times: a large black image."""


class ZipImages:
    """Images of a zip file by identity (the member's folder); nothing is unpacked to disk.

    Members with an absolute path, a drive or ``..`` are refused; ``left_out`` counts those that
    are not images. Kept as arrays: a million members need tens of megabytes, not the half gigabyte
    of ``zipfile``.
    """

    def __init__(
        self, path: Path, depth: int | None = None, left_out: LeftOut | None = None
    ) -> None:
        self.path = path
        self.spans: dict[str, tuple[int, int]] = {}
        files: list[str] = []
        numbers: list[_Numbers] = []
        left_out = LeftOut() if left_out is None else left_out
        for identity, members in _members(path, depth, left_out).items():
            members.sort(key=lambda member: natural(member[0]))
            self.spans[identity] = (len(files), len(files) + len(members))
            files += [member[0] for member in members]
            numbers += [member[1] for member in members]
        self._files = Strings(pack(files))
        self._numbers = np.array(numbers, np.int64).reshape(-1, 5)
        self._listed: tuple[str, dict[str, int]] = ("", {})
        _check_overlap(path, self._numbers)
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def counts(self) -> dict[str, int]:
        """Number of images of each identity."""
        return {name: end - start for name, (start, end) in self.spans.items()}

    def files(self, identity: str) -> list[str]:
        """File names of an identity in natural order."""
        start, end = self.spans[identity]
        return list(self._files[start:end])

    def read(self, identity: str, name: str) -> bytes:
        """Bytes of one image; raises ``DataError`` naming file, member and offset."""
        if self._listed[0] != identity:
            start, _ = self.spans[identity]
            self._listed = (
                identity,
                {file: start + k for k, file in enumerate(self.files(identity))},
            )
        row = self._listed[1][name]
        where = f"{self.path.name}, member {identity}/{name}"
        offset, packed, size, crc, method = (int(value) for value in self._numbers[row])
        if size > MOST_BYTES:
            raise DataError(f"{where}: {size} bytes are too many for an image of a face")
        try:
            head = _LOCAL.unpack_from(self._map, offset)
        except struct.error:
            head = (b"",)
        if head[0] != b"PK\x03\x04":
            raise DataError(f"{where}: no member begins at offset {offset}; copy the file again")
        start = offset + _LOCAL.size + head[9] + head[10]
        data = self._map[start : start + packed]
        if len(data) != packed:
            raise DataError(f"{where}: cut short at offset {start}; copy the file again")
        if method == _DEFLATED:
            if _is_bomb(data, size):
                raise DataError(
                    f"{where}: {packed} bytes unpack to {size}, which no image does; pack the "
                    "images again"
                )
            data = _inflated(data, size)
        if len(data) != size or zlib.crc32(data) != crc:
            raise DataError(f"{where}: damaged at offset {start}; copy the file again")
        return data


def _check_overlap(path: Path, numbers: NDArray[np.int64]) -> None:
    """Refuse members that share bytes: a few kilobytes could be unpacked a thousand times."""
    begin, packed = numbers[:, 0], numbers[:, 1]
    order = np.argsort(begin, kind="stable")
    ends = begin[order] + packed[order] + _LOCAL.size
    shared = np.flatnonzero(ends[:-1] > begin[order][1:])
    if len(shared):
        raise DataError(
            f"{path}: the members at offset {begin[order[shared[0]]]} and behind it share bytes; "
            "pack the images again"
        )


def _is_bomb(data: bytes, size: int) -> bool:
    """Whether a large member shrinks as images of a packed format do not; few bytes are read."""
    if size < _LARGE or size < _SHRINKS * len(data):
        return False
    return not _inflated(data, _BEGIN).startswith(_UNPACKED)


def _inflated(data: bytes, size: int) -> bytes:
    """At most one byte more than ``size``, so that a bomb stays small; empty when damaged."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size + 1)
    except zlib.error:
        return b""


def split(inside: PurePosixPath, depth: int | None, root: Path) -> tuple[str, str]:
    """Identity and rest of a path below ``root``: cut before the file, or after ``depth`` folders.

    Raises ``DataError`` when there are too few folders.
    """
    parts = inside.parts
    cut = len(parts) - 1 if depth is None else depth
    if not 1 <= cut < len(parts):
        raise DataError(
            f"{root}: image {inside} is below {len(parts) - 1} folders, which is too few to name "
            "an identity; expected identity/file"
        )
    return "/".join(parts[:cut]), "/".join(parts[cut:])


def _members(
    path: Path, depth: int | None, left_out: LeftOut
) -> dict[str, list[tuple[str, _Numbers]]]:
    """File and numbers of every image, by identity."""
    found: dict[str, list[tuple[str, _Numbers]]] = {}
    seen: set[str] = set()
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                inside = _image_path(path, archive, info, left_out)
                if inside is None:
                    continue
                _check(path, info, inside, seen)
                identity, file = split(inside, depth, path)
                numbers = (info.header_offset, info.compress_size, info.file_size, info.CRC,
                           info.compress_type)  # fmt: skip
                found.setdefault(identity, []).append((file, numbers))
    except DataError:
        raise
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error,
            OverflowError, EOFError, IndexError) as error:  # fmt: skip
        raise DataError(f"{path} is not a readable zip file ({error}); copy it again") from None
    return found


def _image_path(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, left_out: LeftOut
) -> PurePosixPath | None:
    """Where an image is in its archive; None for folders and what is noted as left out."""
    inside = inner_path(info.filename)
    if info.filename.endswith(("/", "\\")):
        return None
    shown_name = f"{path.name}/{info.filename}"
    if inside is not None and is_hidden_path(inside.as_posix()):
        left_out.add(HIDDEN, shown_name)
        return None
    name = info.filename if inside is None else inside.name
    reason = reason_against(name, lambda: _begin(archive, info))
    if reason:
        left_out.add(reason, shown_name)
        return None
    if inside is None:
        raise DataError(
            f"{path}: member {info.filename!r} has a path that leads out of the archive; pack the "
            "images again"
        )
    return inside


def _begin(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The first bytes of a member; empty where it cannot be read, which its check names."""
    try:
        with archive.open(info) as member:
            return member.read(16)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError):
        return b""


def _check(path: Path, info: zipfile.ZipInfo, inside: PurePosixPath, seen: set[str]) -> None:
    name = info.filename
    problem = ""
    if inside.as_posix() in seen:
        problem = "is there twice"
    elif info.flag_bits & _ENCRYPTED:
        problem = "is encrypted"
    elif info.compress_type not in (_STORED, _DEFLATED):
        problem = f"is packed by method {info.compress_type}, which is not supported"
    elif max(info.header_offset, info.compress_size, info.file_size) >= 1 << 60:
        problem = "has an impossible size"
    elif info.header_offset < 0:
        problem = "has an impossible offset"
    if problem:
        raise DataError(f"{path}: member {name!r} {problem}; pack the images again")
    seen.add(inside.as_posix())
