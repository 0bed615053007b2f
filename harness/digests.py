"""Hashes of values and files."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path
from typing import Any

from harness.errors import DataError, UsageError


def digest(parts: Any) -> str:
    """SHA-256 of the canonical JSON of ``parts`` (sorted keys, no spaces, no NaN)."""
    try:
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise UsageError("a parameter is infinite or not a number; give a finite one") from None
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes; raises ``DataError`` naming the file if it cannot be read."""
    try:
        if stat.S_IFMT(path.stat().st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
            # A device or a pipe may never end.
            raise DataError(
                f"cannot read {path}: it is a device or a pipe, not a file; give a file"
            )
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; check the file") from error
