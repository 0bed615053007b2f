"""Fingerprints of files that were read before, in a small database. It is only a cache."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

_COLUMNS = "path BLOB PRIMARY KEY, stamp TEXT, sha256 TEXT, names TEXT"
NO_NAMES = "[]"
_ROWS = "SELECT path, stamp, sha256, names FROM known_files WHERE"


@dataclass(frozen=True)
class Known:
    """What is known of a file: its stamp (:func:`harness.inputs.stamp`) and what it was then.

    The stamp is text, as it is stored and compared. ``names`` are the files that belong to it
    (:func:`harness.inputs.belonging`).
    """

    stamp: str
    sha256: str
    names: tuple[str, ...] = ()


class Cache:
    """Known files by their path as bytes; None as ``file`` is a cache that keeps nothing.

    A database that is damaged is replaced; one that cannot be opened or written is not used.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def at(self, path: Path) -> dict[bytes, Known]:
        """What is known of one file; empty if nothing is."""
        return self._read("path = ?", (os.fsencode(path),))

    def below(self, folder: Path) -> dict[bytes, Known]:
        """What is known of the files below a folder."""
        prefix = os.fsencode(folder).rstrip(b"/")
        # "0" is the character after "/": a range, which the index of the key answers.
        return self._read("path > ? AND path < ?", (prefix + b"/", prefix + b"0"))

    def _read(self, where: str, values: tuple[bytes, ...]) -> dict[bytes, Known]:
        if self._file is None or not self._file.exists():
            return {}
        try:
            with self._opened() as db:
                rows = db.execute(f"{_ROWS} {where}", values)
                return {row[0]: _known(*row[1:]) for row in rows}
        except sqlite3.OperationalError:
            return {}  # another version's table, or no right to read
        except (sqlite3.DatabaseError, ValueError, TypeError):
            self._file.unlink(missing_ok=True)
            return {}

    def write(self, rows: Mapping[bytes, Known]) -> None:
        """Keep what was found, where the folder of the cache can be written."""
        if self._file is None or not rows:
            return
        made = [
            (path, row.stamp, row.sha256, json.dumps(row.names) if row.names else NO_NAMES)
            for path, row in rows.items()
        ]
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._opened() as db:
                db.execute("DROP TABLE IF EXISTS files")  # of a version that trusted size and time
                db.execute(f"CREATE TABLE IF NOT EXISTS known_files ({_COLUMNS})")
                db.executemany("INSERT OR REPLACE INTO known_files VALUES (?, ?, ?, ?)", made)
                db.commit()
        except (sqlite3.Error, OSError):
            return  # the next run reads the files again

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        assert self._file is not None
        with closing(sqlite3.connect(self._file, timeout=60)) as db:
            db.text_factory = str
            yield db


def stamp_text(stamp: tuple[int, ...]) -> str:
    """A stamp as JSON."""
    return f"[{', '.join(map(str, stamp))}]"


def _known(stamp: str, sha256: str, names: str) -> Known:
    if not isinstance(stamp, str) or not isinstance(sha256, str):
        raise TypeError("not a row of ours")
    return Known(stamp, sha256, () if names == NO_NAMES else tuple(json.loads(names)))
