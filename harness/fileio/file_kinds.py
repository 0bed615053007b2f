"""What a file is by its content: for messages about files that are not what their name says.

Nothing in a file is executed and at most its first bytes and the directory of an archive are read.
"""

from __future__ import annotations

import zipfile
from enum import StrEnum
from pathlib import Path

from harness.errors import DataError

HEAD_BYTES = 1024
_LEGACY_TORCH = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
"""The number that torch before 1.6 pickled at the start of every file, after the protocol."""


class FileKind(StrEnum):
    """A kind of file; the value is a noun phrase for messages."""

    EMPTY = "an empty file"
    LFS_POINTER = "a Git LFS pointer"
    WEB_PAGE = "a web page"
    ERROR_PAGE = "an error message of a server"
    TORCH = "a torch checkpoint"
    OLD_TORCH = "a torch checkpoint of the form before 1.6"
    TORCHSCRIPT = "a TorchScript program"
    SAFETENSORS = "a safetensors file"
    ONNX = "an ONNX network"
    NUMPY = "a NumPy array"
    NUMPY_ZIP = "a NumPy .npz archive"
    PICKLE = "a Python pickle"
    HDF5 = "an HDF5 file"
    PARQUET = "a Parquet file"
    EXCEL = "an Excel workbook"
    OLD_OFFICE = "an old Excel or Word file"
    CUT_ZIP = "a ZIP archive that is damaged or cut short"
    ZIP = "a ZIP archive"
    TAR = "a tar archive"
    GZIP = "a gzip file"
    BZIP2 = "a bzip2 file"
    XZ = "an xz file"
    ZSTANDARD = "a Zstandard file"
    SEVEN_ZIP = "a 7z archive"
    RAR = "a RAR archive"
    PDF = "a PDF document"
    PNG = "a PNG image"
    JPEG = "a JPEG image"
    TEXT = "a text file"
    UNKNOWN = "a file of an unknown kind"


_ADVICE = {
    FileKind.EMPTY: "download or copy it again",
    FileKind.LFS_POINTER: "the file itself was not downloaded; run `git lfs pull`, or download it",
    FileKind.WEB_PAGE: "a login or error page was saved instead; download the file itself",
    FileKind.ERROR_PAGE: "the download was refused; download the file again",
    FileKind.CUT_ZIP: "download or copy it again",
}
"""What to do about kinds that are never what anybody wanted to give."""

_BEGINNINGS = (
    (b"version https://git-lfs", FileKind.LFS_POINTER),
    (b"\x93NUMPY", FileKind.NUMPY),
    (b"\x89HDF\r\n\x1a\n", FileKind.HDF5),
    (b"PAR1", FileKind.PARQUET),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind.OLD_OFFICE),
    (b"\x1f\x8b", FileKind.GZIP),
    (b"BZh", FileKind.BZIP2),
    (b"\xfd7zXZ\0", FileKind.XZ),
    (b"\x28\xb5\x2f\xfd", FileKind.ZSTANDARD),
    (b"7z\xbc\xaf\x27\x1c", FileKind.SEVEN_ZIP),
    (b"Rar!\x1a\x07", FileKind.RAR),
    (b"%PDF-", FileKind.PDF),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
)


def kind_of(path: Path) -> FileKind:
    """The kind of a file; raises ``DataError`` naming the file if it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; check the file") from None
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path)
    return kind_of_head(head)


def kind_of_head(head: bytes) -> FileKind:
    """The kind of a file that begins with ``head`` (its first 1,024 bytes, or all of it)."""
    if not head:
        return FileKind.EMPTY
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    if head.startswith(b"PK\x03\x04"):
        return FileKind.ZIP
    if head[257:262] == b"ustar":
        return FileKind.TAR
    if head[0] == 0x80 and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return FileKind.OLD_TORCH if head[2:].startswith(_LEGACY_TORCH) else FileKind.PICKLE
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 27:
        return FileKind.SAFETENSORS
    # An ONNX file is a protobuf message whose first field is nearly always its version.
    if head[0] == 0x08 and len(head) > 2 and 0 < head[1] < 32:
        return FileKind.ONNX
    return _kind_of_text(head)


def not_downloaded(path: Path) -> str:
    """Why ``path`` cannot be the file that was wanted, whatever that was; empty if it may be.

    Names empty files, Git LFS pointers, web pages and error messages saved instead of a download,
    and archives that were cut short. Raises ``DataError`` if the file cannot be read.
    """
    kind = kind_of(path)
    return f"{path} is {kind}: {_ADVICE[kind]}" if kind in _ADVICE else ""


def expect(path: Path, what: str, *kinds: FileKind) -> FileKind:
    """The kind of a file that must be one of ``kinds``; ``what`` says what is wanted, for messages.

    Raises ``DataError`` that says what the file is instead.
    """
    kind = kind_of(path)
    if kind not in kinds:
        advice = _ADVICE.get(kind, "give another file")
        raise DataError(f"{path} is {kind}, not {what}: {advice}")
    return kind


def _kind_of_text(head: bytes) -> FileKind:
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if begin.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or b"<html" in begin:
        return FileKind.WEB_PAGE
    if begin.startswith(b"<?xml") and b"<error" in begin:
        return FileKind.ERROR_PAGE
    if b"\0" in head:
        return FileKind.UNKNOWN
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # the end of the head may cut a character
            return FileKind.UNKNOWN
        text = head[: error.start].decode("utf-8")
    odd = sum(not (letter.isprintable() or letter.isspace()) for letter in text)
    return FileKind.UNKNOWN if odd else FileKind.TEXT


def _kind_of_zip(path: Path) -> FileKind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return FileKind.CUT_ZIP
    ends = {name.partition("/")[2] for name in names}
    if "constants.pkl" in ends and any(end.startswith("code/") for end in ends):
        return FileKind.TORCHSCRIPT
    if "data.pkl" in ends:
        return FileKind.TORCH
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return FileKind.EXCEL
    if names and all(name.endswith(".npy") for name in names):
        return FileKind.NUMPY_ZIP
    return FileKind.ZIP
