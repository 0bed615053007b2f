"""The one walk of a folder: which files an input consists of.

Links to files and folders are followed. What cannot be followed (a broken link, a link to a folder
above itself, a folder that may not be read) is an error with its name and never left out.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import DataError

_MOST_VISITS = 1000
"""Above this many links a folder is reached by a net of links, which can grow without bounds."""

_Inode = tuple[int, int]


@dataclass(frozen=True)
class WalkedFolder:
    """One folder of a walk: its files, and the hidden entries that are left out, both sorted.

    ``inside`` is its path below the root with forward slashes, empty for the root itself.
    """

    path: Path
    inside: str
    files: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    def below(self, name: str) -> str:
        """Path of an entry below the root of the walk."""
        return f"{self.inside}/{name}" if self.inside else name


def is_hidden(name: str) -> bool:
    """Whether an entry of a folder or archive is the system's or a tool's, not data."""
    return name.startswith(".") or name == "__MACOSX"


def is_hidden_path(path: str) -> bool:
    """Whether any part of a path with forward slashes is hidden; ``.`` and ``..`` are not."""
    return any(is_hidden(part) for part in path.split("/") if part not in (".", ".."))


def walk(root: Path, *, deep: bool = True) -> Iterator[WalkedFolder]:
    """The folders below ``root``, it first, each before those inside it, in the order of names.

    With ``deep`` False only ``root`` itself. Raises ``DataError`` naming what cannot be read.
    """
    visits: Counter[_Inode] = Counter()
    pending: list[tuple[Path, str, frozenset[_Inode]]] = [(root, "", frozenset())]
    while pending:
        path, inside, above = pending.pop()
        inode = _inode(path)
        visits[inode] += 1
        if inode in above:
            raise DataError(f"{path} is a link to a folder that it is inside of; remove it")
        if visits[inode] > _MOST_VISITS:
            raise DataError(f"{path} is reached over more than {_MOST_VISITS} links; remove links")
        here = WalkedFolder(path, inside)
        folders = _list(here)
        yield here
        if deep:
            pending += [
                (path / name, here.below(name), above | {inode}) for name in reversed(folders)
            ]


def walk_files(root: Path) -> Iterator[str]:
    """Paths of all files below ``root``, relative to it with forward slashes."""
    for here in walk(root):
        yield from map(here.below, here.files)


def _list(here: WalkedFolder) -> list[str]:
    """Fill in the files and hidden entries of a folder; gives its folders, sorted."""
    folders = []
    try:
        with os.scandir(here.path) as entries:
            for entry in entries:
                if is_hidden(entry.name):
                    here.hidden.append(entry.name)
                elif entry.is_dir():
                    folders.append(entry.name)
                elif entry.is_file():
                    here.files.append(entry.name)
                else:
                    raise DataError(_problem(Path(entry.path)))
    except OSError as error:
        raise DataError(f"cannot read folder {here.path}: {error.strerror}; check it") from None
    here.files.sort()
    here.hidden.sort()
    return sorted(folders)


def _inode(path: Path) -> _Inode:
    try:
        stat = path.stat()
    except OSError as error:
        raise DataError(f"cannot read folder {path}: {error.strerror}; check it") from None
    # Some file systems have no inode numbers; there the real path tells folders apart.
    return (stat.st_dev, stat.st_ino or hash(path.resolve()))


def _problem(path: Path) -> str:
    if path.is_symlink() and not path.exists():
        return f"{path} is a broken symbolic link; fix or remove it"
    return f"{path} is not a regular file; remove it from the data folder"
