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
from harness.errors import DataError

SCHEMA = 1
DECODER = 2
"""Version of what ``harness.align.decode`` accepts and returns, in the keys of images from outside.

1: JPEGs with warnings passed, samples of a PNM were not scaled. Stated here, because planning does
not import the decoder.
"""


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
        try:
            with sqlite3.connect(self._cache) as db:
                rows = db.execute("SELECT path, size, mtime_ns, sha256 FROM files")
                return {path: (size, mtime, sha) for path, size, mtime, sha in rows}
        except sqlite3.DatabaseError:
            self._cache.unlink(missing_ok=True)  # only a cache: it is made again
            return {}

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
    """Regular files below a folder, through links; each real folder once."""
    seen: set[tuple[int, int]] = set()
    for root, folders, files in os.walk(folder, followlinks=True):
        stat = Path(root).stat()
        if (stat.st_dev, stat.st_ino) in seen:
            folders.clear()
            continue
        seen.add((stat.st_dev, stat.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(root) / name
            if name.startswith("."):
                continue
            if not path.exists():
                raise DataError(f"{path} is a link to nothing; mend or remove it")
            if not path.is_file():
                raise DataError(f"{path} is no regular file; remove it from the data folder")
            yield path
