"""The generator ``imagelist``: image files that a list names, each with its identity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError, UsageError
from harness.plugin.files import Strings, inner_path, is_hidden_path, lines, pack, shown
from harness.plugin.sources import SUFFIXES, SourceGenerator, SourceImage

from .packed import PackedSource
from .params import ImageListParams

_EXAMPLE = "path and label, separated by a tab or a space, or a path alone"
_LONGEST_NAME = 1000


class ImageList(SourceGenerator):
    """Faces of the files that a list names below a root."""

    params: ImageListParams

    def open(self) -> PackedSource:
        """See :class:`harness.faces.source.SourceGenerator`."""
        root, listing = self.params.root, self.params.list
        if root is None or listing is None:
            raise UsageError(
                "generator imagelist needs images and a list: -G root=DIR -G list=FILE"
            )
        if not root.is_dir():
            raise UsageError(f"{root} is not a folder; give the folder of the images with root")
        listed = ListedImages(root, listing, self.params.prefix)
        for note in listed.notes:
            self.ctx.note(note)
        return PackedSource(listed)


class ListedImages:
    """The images of a list by row; raises ``DataError`` naming file and line.

    ``codes`` int64 (rows,) say which of ``names`` each row is.
    """

    def __init__(self, root: Path, listing: Path, prefix: str = "") -> None:
        self._root = root
        codes: list[int] = []
        known: dict[str, int] = {}
        paths: dict[str, None] = {}
        folders: dict[str, str] = {}
        shared: set[str] = set()
        for number, path, label in _entries(listing):
            where = f"{listing}, line {number}"
            inside = _inside(path, prefix, root, where)
            name = label if label is not None else _folder_of(inside, where)
            if label is None and folders.setdefault(name, inside.parent.as_posix()) != (
                inside.parent.as_posix()
            ):
                shared.add(name)
            if inside.as_posix() in paths:
                raise DataError(f"{where}: {shown(inside.as_posix())} is listed twice")
            paths[inside.as_posix()] = None
            codes.append(known.setdefault(_name(name, where), len(known)))
        if not codes:
            raise DataError(f"{listing} is empty; write {_EXAMPLE} in each line")
        self._files = Strings(pack(paths))
        self.names: Sequence[str] = list(known)
        self.codes: NDArray[np.int64] = np.array(codes, np.int64)
        self.notes: Sequence[str] = [_note(shared, listing)] if shared else []

    def read(self, row: int) -> SourceImage:
        """One image; raises ``DataError`` naming it when it cannot be read."""
        name = str(self._files[row])
        try:
            return SourceImage((self._root / name).read_bytes(), name)
        except OSError as error:
            raise DataError(f"{name}: {error.strerror}") from None


def _note(shared: set[str], listing: Path) -> str:
    first = ", ".join(sorted(shared)[:3])
    return (
        f"{len(shared)} identities of {listing.name} have images in several folders of one name "
        f"({first}); they count as one, as in SOTA-FR"
    )


def _entries(listing: Path) -> Iterator[tuple[int, str, str | None]]:
    """Number of the line, path and label; the label is None in all lines or in none."""
    alone: bool | None = None
    for number, line in enumerate(lines(listing), 1):
        if not line.strip():
            continue
        if alone is None:
            alone = _is_image(line.strip())
        path, label = (line.strip(), None) if alone else _split(line, listing, number)
        if alone and not _is_image(line.strip()):
            raise DataError(
                f"{listing}, line {number}: {shown(path)[:80]!r} is not the path of an image; the "
                "lines before it have no label"
            )
        yield number, path, label


def _is_image(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in SUFFIXES


def _split(line: str, listing: Path, number: int) -> tuple[str, str]:
    """Path and label: at the last tab, else at the last space; a path can have spaces."""
    words = (
        line.split("\t") if "\t" in line else re.split(r" +(?=[^ ]+ *$)", line.rstrip(), maxsplit=1)
    )
    path, label = (words[0].strip(), words[-1].strip()) if len(words) == 2 else ("", "")
    if not path or not label:
        raise DataError(
            f"{listing}, line {number}: expected {_EXAMPLE}, found {shown(line)[:80]!r}"
        )
    return path, label


def _inside(path: str, prefix: str, root: Path, where: str) -> PurePosixPath:
    """The path below root; what leads out of it, is hidden or is absent is refused."""
    if prefix:
        if not path.startswith(prefix):
            raise DataError(f"{where}: {shown(path)[:80]!r} does not begin with {prefix!r}")
        path = path[len(prefix) :].lstrip("/")
    inside = inner_path(path)
    if inside is None or not inside.parts:
        raise DataError(
            f"{where}: {shown(path)[:80]!r} is not below root; set prefix to the beginning of the "
            "paths that root stands for"
        )
    if is_hidden_path(inside.as_posix()):
        raise DataError(f"{where}: {shown(path)[:80]!r} is hidden; rename it")
    try:
        found = (root / inside).is_file()
    except (OSError, ValueError):
        found = False
    if not found:
        raise DataError(f"{where}: {shown(inside.as_posix())[:200]} is not in {root}; set root")
    return inside


def _folder_of(inside: PurePosixPath, where: str) -> str:
    if len(inside.parts) < 2:
        raise DataError(f"{where}: {inside} is in no folder that names its identity; add labels")
    return inside.parent.name


def _name(name: str, where: str) -> str:
    if len(name) > _LONGEST_NAME:
        raise DataError(f"{where}: {name[:20]!r}... is not a name of an identity")
    return shown(name)
