"""Content keys: what decides a result, and nothing else, hashed.

Paths never enter a key. Outside data enters by fingerprint: names, sizes and SHA-256 of its files,
cached by size and modification time so that a second look costs only a directory walk.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from harness.digests import digest, file_sha256

SCHEMA = 1


class Fingerprints:
    """Fingerprints of outside files and folders, with their cache."""

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache

    def of(self, path: Path) -> str:
        """Fingerprint of a file or of all files below a folder, hidden ones left out."""
        path = path.resolve()
        if path.is_file():
            files = [("", path)]
        else:
            files = [(file.relative_to(path).as_posix(), file) for file in _walk(path)]
        known = self._read()
        fresh: dict[str, tuple[int, int, str]] = {}
        listing = []
        for name, file in files:
            stat = file.stat()
            size, mtime, sha = known.get(str(file), (-1, -1, ""))
            if (size, mtime) != (stat.st_size, stat.st_mtime_ns):
                sha = file_sha256(file)
                fresh[str(file)] = (stat.st_size, stat.st_mtime_ns, sha)
            listing.append([name, stat.st_size, sha])
        self._write(fresh)
        return digest(sorted(listing))

    def _read(self) -> dict[str, tuple[int, int, str]]:
        if self._cache is None or not self._cache.exists():
            return {}
        with sqlite3.connect(self._cache) as db:
            rows = db.execute("SELECT path, size, mtime_ns, sha256 FROM files")
            return {path: (size, mtime, sha) for path, size, mtime, sha in rows}

    def _write(self, rows: dict[str, tuple[int, int, str]]) -> None:
        if self._cache is None or not rows or not os.access(self._cache.parent, os.W_OK):
            return
        with sqlite3.connect(self._cache, timeout=60) as db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS files "
                "(path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, sha256 TEXT)"
            )
            db.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                [(path, *row) for path, row in rows.items()],
            )


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(root) / name
