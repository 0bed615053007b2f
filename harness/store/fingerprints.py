"""Content keys: what decides a result, and nothing else, hashed.

Paths never enter a key. Outside data enters by fingerprint: names, sizes and SHA-256 of its files.
Hashes are cached with what the file system says of a file (:mod:`harness.inputs.stamps`), so that a
second look costs only a directory walk.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from harness.digests import digest
from harness.errors import DataError
from harness.inputs import beside, content_of, stamp, walk_files
from harness.store.fingerprint_cache import Cache, Known, stamp_text

SCHEMA = 1
"""In every key. Raised when all stages must be made again, which no release has needed."""

DECODER = 2
"""Version of what ``harness.align.decode`` accepts and returns, in the keys of images from outside.

1: JPEGs with warnings passed, samples of a PNM were not scaled. Stated here, because planning does
not import the decoder.
"""


class Fingerprints:
    """Fingerprints of outside files and folders, with their cache."""

    def __init__(self, cache: Path | None) -> None:
        self._cache = Cache(cache)

    def of(self, path: Path, names: Sequence[str] = ()) -> str:
        """Fingerprint of a file, or of all files below a folder that are not hidden.

        Files that belong to a file count too: what it names itself, and those of ``names`` that
        are beside it, as in :class:`harness.components.External`. Raises ``DataError`` naming a
        file or folder that cannot be read.
        """
        if path.is_dir():
            root = path.resolve()
            found = self._listing(root, list(walk_files(root)), self._cache.below(root))
        else:
            # Not the target of a link: what belongs to a file is beside the name that was given.
            root = path.parent.resolve()
            wanted = [path.name, *beside(root / path.name, names)]
            found = self._listing(root, wanted, None)
            found[""] = found.pop(path.name)  # its own name is not content
        # Sorted, because file systems list folders in different orders.
        return digest(sorted([name, size, sha256] for name, (size, sha256) in found.items()))

    def _listing(
        self, root: Path, names: Sequence[str], known: dict[bytes, Known] | None
    ) -> dict[str, tuple[int, str]]:
        """Size and SHA-256 of each file and of those that belong to it, by name."""
        found: dict[str, tuple[int, str]] = {}
        fresh: dict[bytes, Known] = {}
        pending = list(names)
        base = str(root).rstrip(os.sep) + os.sep
        while pending:
            name = pending.pop()
            if name in found:
                continue
            file = f"{base}{name}"
            looked_up = self._cache.at(Path(file)) if known is None else known
            size, item = _look(file, looked_up, fresh)
            found[name] = size, item.sha256
            if item.names:
                folder = name.rpartition("/")[0]
                pending += [f"{folder}/{other}" if folder else other for other in item.names]
        self._cache.write(fresh)
        return found


def _look(file: str, known: dict[bytes, Known], fresh: dict[bytes, Known]) -> tuple[int, Known]:
    """Size and content of a file; what had to be read and is sure to stay goes into ``fresh``."""
    try:
        before = os.stat(file)  # noqa: PTH116 (a Path costs as much as the rest)
        mark, path = stamp(before), os.fsencode(file)
        item = known.get(path)
        if item is not None and mark is not None and item.stamp == stamp_text(mark):
            return before.st_size, item
        sha256, names = content_of(file, before.st_mode)
        item = Known("" if mark is None else stamp_text(mark), sha256, tuple(names))
        after = os.stat(file)  # noqa: PTH116
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}; check the file") from None
    if _times(before) != _times(after):
        raise DataError(f"{file} changed while it was read; run again")
    if mark is not None:
        fresh[path] = item
    return before.st_size, item


def _times(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino
