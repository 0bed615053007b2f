"""Manifests of artifacts: written when an artifact is complete, checked when it is used."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.fileio import verified
from harness.fileio.atomic import sync, write_text
from harness.fileio.verified import MANIFEST, DamagedError

USED_S = 3600.0
"""Seconds within which a second use is not recorded: each record is a write to the disk."""

SCHEMA = 2
"""Version 1 had neither ``digests`` of the files nor a ``digest`` of the manifest."""


def write(
    work: Path, kind: str, key: str, parts: Mapping[str, Any], facts: Mapping[str, Any]
) -> None:
    """Write the manifest of a work folder, after all its files are flushed to disk."""
    for left in work.glob(".*.tmp"):
        left.unlink()  # of a killed writer
    (work / MANIFEST).unlink(missing_ok=True)
    files = {
        path.relative_to(work).as_posix(): path
        for path in sorted(work.rglob("*"))
        if path.is_file()
    }
    for path in files.values():
        sync(path)
    manifest = {
        "schema": SCHEMA,
        "kind": kind,
        "key": key,
        "parts": parts,
        "facts": facts,
        "files": {name: path.stat().st_size for name, path in files.items()},
        "digests": {name: verified.sha256_of(path) for name, path in files.items()},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    # Sealed as it will be read: JSON turns tuples into lists, and numbers as names into text.
    sealed = verified.sealed(json.loads(json.dumps(manifest)))
    write_text(work / MANIFEST, json.dumps(sealed, indent=1) + "\n")


def read_whole(folder: Path) -> dict[str, Any] | None:
    """The manifest of an artifact whose files have the right sizes; None where there is none.

    Raises :class:`DamagedError` where a file is missing or has another size.
    """
    manifest = verified.read_manifest(folder)
    if manifest is None:
        if folder.is_dir() and any(folder.iterdir()):
            raise DamagedError(folder, MANIFEST, "is missing")
        return None
    verified.check_sizes(folder, manifest)
    return manifest


def note_use(folder: Path) -> None:
    """Record that an artifact was read, as the time of its manifest; not in a read-only store."""
    path = folder / MANIFEST
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > USED_S:
            os.utime(path)


def still_damaged(damage: DamagedError) -> DamagedError | None:
    """Read the file again that was found damaged; None where it fits now, or is gone with all."""
    try:
        manifest = read_whole(damage.folder)
    except DamagedError as error:
        return error
    if manifest is None:
        return None
    if "digests" not in manifest and damage.file in manifest["files"]:
        return damage  # nothing to compare it with, and a reader could not decode it
    files = {name: size for name, size in manifest["files"].items() if name == damage.file}
    found = verified.faults(damage.folder, {**manifest, "files": files})
    return next((fault for fault in found if fault.file == damage.file), None)
