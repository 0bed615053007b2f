"""Verified opening of stored files: bytes are compared with the digests in the manifest.

An artifact is a folder whose ``manifest.json`` holds the size and the SHA-256 of every file, and a
digest of its own content. A reader opens a stored file as ``open(checked(path))``; the bytes are
hashed at the first read in a process. Files outside an artifact, and artifacts of older releases
that have no digests ("unverified"), are read as they are.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

from harness.errors import DataError, UsageError
from harness.fileio.atomic import write_text
from harness.fileio.manifest_schema import checked_manifest
from harness.inputs.walk import is_hidden_path

MANIFEST = "manifest.json"
VARIABLE = "HARNESS_VERIFY"
DEPTH = 3
"""Folders above a file in which the manifest of its artifact is looked for."""

_ADDED = "was added: the manifest does not name it"

Mode = Literal["full", "size"]
Fields = Mapping[str, Any]


class DamagedError(DataError):
    """A stored file is missing, truncated or altered.

    ``folder`` is the artifact, ``file`` the name inside it. The command moves the artifact aside;
    a run computes it again.
    """

    def __init__(self, folder: Path, file: str, reason: str) -> None:
        super().__init__(folder, file, reason)  # the arguments, so that it can be pickled
        self.folder, self.file, self.reason = folder, file, reason

    def __str__(self) -> str:
        return f"{self.folder / self.file} {self.reason}"


def mode() -> Mode:
    """How files are verified: ``full`` (content) or ``size``, for slow shared disks.

    Raises ``UsageError`` for another value of ``HARNESS_VERIFY``.
    """
    given = os.environ.get(VARIABLE) or "full"
    if given in ("full", "size"):
        return cast(Mode, given)
    raise UsageError(f"{VARIABLE}={given} must be full or size; correct or unset it")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, streamed: the fastest strong hash of ``hashlib`` (see perf/verify.py)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sealed(fields: Fields) -> dict[str, Any]:
    """Decoded JSON with ``digest``, the SHA-256 over its other fields in canonical form."""
    rest = {name: value for name, value in fields.items() if name != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return {**rest, "digest": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()}


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of an artifact, or None where there is none.

    Raises :class:`DamagedError` where it is not readable or its content was altered.
    """
    try:
        text = (folder / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        # Not `json_value`: names of files may hold bytes that are not UTF-8, as half surrogates.
        decoded = json.loads(text)
        found = checked_manifest(decoded)
        altered = "digest" in decoded and sealed(decoded) != decoded
        kind, key = found["kind"], found["key"]
    except (ValueError, RecursionError):
        raise DamagedError(folder, MANIFEST, "is not a readable manifest") from None
    # A manifest that names digests was written with one of its own.
    if altered or ("digests" in found and "digest" not in found):
        raise DamagedError(folder, MANIFEST, "is altered: its digest does not fit")
    # An artifact that was moved within the store would answer for another key.
    if _is_stored(folder) and (kind, key) != (folder.parts[-3], folder.name):
        raise DamagedError(folder, MANIFEST, f"is that of another artifact ({kind} {key[:12]})")
    return found


def _is_stored(folder: Path) -> bool:
    """Whether a folder is where the store keeps an artifact: ``<kind>/<begin of key>/<key>``."""
    return len(folder.parts) > 2 and folder.parent.name == folder.name[:2]


def check_sizes(folder: Path, manifest: Fields) -> None:
    """Raise :class:`DamagedError` for the first file that is missing or has another size."""
    for name, size in manifest["files"].items():
        _check_size(folder, name, size)


def check(folder: Path, manifest: Fields) -> None:
    """Verify every file of an artifact that this process has not verified yet.

    Raises :class:`DamagedError` for the first that is missing, truncated or altered.
    """
    for name in manifest["files"]:
        _check(folder, manifest, name)


def faults(folder: Path, manifest: Fields) -> Iterator[DamagedError]:
    """Every damaged or added file; all are read again, whatever ``HARNESS_VERIFY`` says.

    Hidden files, as file managers and network file systems leave them, are not named.
    """
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        known = name == MANIFEST or name in manifest["files"] or is_hidden_path(name)
        if path.is_file() and not known:
            yield DamagedError(folder, name, _ADDED)
    for name, size in manifest["files"].items():
        try:
            _check_size(folder, name, size)
            _compare(folder, manifest, name)
        except DamagedError as fault:
            yield fault


def checked(path: Path) -> Path:
    """``path``, after its bytes were verified; once in a process for each version of the file.

    Raises :class:`DamagedError` where it does not fit the manifest of its artifact, also where it
    was added later. A file that belongs to no artifact is given back as it is.
    """
    found = _owner(path)
    if found is not None:
        folder, manifest = found
        name = path.relative_to(folder).as_posix()
        if name in manifest["files"]:
            _check(folder, manifest, name)
        elif name != MANIFEST and path.is_file():
            raise DamagedError(folder, name, _ADDED)
    return path


def unreadable(path: Path, error: Exception | str) -> DataError:
    """The error for a file that could not be decoded; it names the file.

    A :class:`DamagedError` where the file belongs to an artifact, so that a run computes the
    artifact again: artifacts of older releases have no digests that would show the damage first.
    """
    why = " ".join(str(error).split()) or type(error).__name__
    found = _owner(path)
    if found is None:
        return DataError(f"{path} cannot be read ({why}); check the file")
    return DamagedError(found[0], path.relative_to(found[0]).as_posix(), f"cannot be read ({why})")


def record(path: Path) -> None:
    """Write the digest of a file beside it, as ``sha256sum`` does: for files of no artifact."""
    write_text(_beside(path), f"{sha256_of(path)}  {path.name}\n")


def fits(path: Path) -> bool:
    """Whether a file is there and fits the digest beside it; one without a digest does."""
    try:
        expected = _beside(path).read_text(encoding="ascii").split()[:1]
    except FileNotFoundError:
        return path.is_file()
    except (OSError, UnicodeDecodeError):
        return False
    return path.is_file() and expected == [sha256_of(path)]


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


_VERIFIED: set[tuple[str, int, int, int]] = set()
"""Files that this process has verified: path, inode, size and time of modification."""

_MANIFESTS: dict[tuple[str, int, int, int], dict[str, Any] | None] = {}
"""Manifests by state of the file; None for a ``manifest.json`` of other software."""


def _owner(path: Path) -> tuple[Path, Fields] | None:
    """The artifact that a file belongs to, and its manifest."""
    for folder in path.parents[:DEPTH]:
        try:
            state = _state(folder / MANIFEST)
        except OSError:
            continue
        if state not in _MANIFESTS:
            try:
                _MANIFESTS[state] = read_manifest(folder)
            except DamagedError:
                if _is_stored(folder):
                    raise
                _MANIFESTS[state] = None
        manifest = _MANIFESTS[state]
        if manifest is not None:
            return folder, manifest
    return None


def _check(folder: Path, manifest: Fields, name: str) -> None:
    path = folder / name
    _check_size(folder, name, manifest["files"][name])
    state = _state(path)
    if mode() == "full" and state not in _VERIFIED:
        _compare(folder, manifest, name)
        _VERIFIED.add(state)


def _check_size(folder: Path, name: str, size: int) -> None:
    try:
        found = (folder / name).stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        raise DamagedError(folder, name, "is missing") from None
    if found != size:
        raise DamagedError(folder, name, f"has {found} bytes instead of {size}")


def _compare(folder: Path, manifest: Fields, name: str) -> None:
    expected = manifest.get("digests", {}).get(name)
    if expected is None:
        return  # written by an older release
    try:
        found = sha256_of(folder / name)
    except OSError as error:
        raise DamagedError(folder, name, f"cannot be read ({error.strerror})") from error
    if found != expected:
        raise DamagedError(folder, name, "is altered: its SHA-256 is not that of the manifest")


def _state(path: Path) -> tuple[str, int, int, int]:
    stat = path.stat()
    return str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns
