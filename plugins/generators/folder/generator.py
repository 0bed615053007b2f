"""The generator ``folder``: images of folders and zip files as one set of identities."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError, UsageError
from harness.plugin.files import inner_path, is_hidden_path, shown, walk
from harness.plugin.lists import read_five_points
from harness.plugin.sources import (
    OWN_FILES,
    SUFFIXES,
    LeftOut,
    SourceGenerator,
    SourceImage,
    natural,
    sort_out,
)

from .params import FolderParams
from .zips import ZipImages, split

Points = Mapping[str, NDArray[np.float32]]


class Folder(SourceGenerator):
    """Faces from ``{identity}/{file}``; an identity is named by its folder's path below root."""

    params: FolderParams

    def open(self) -> FolderSource:
        """See :class:`harness.faces.source.SourceGenerator`."""
        root = self.params.root
        if root is None:
            raise UsageError("generator folder has no images; give -G root=DIR")
        points = None
        if self.params.landmarks is not None:
            points = read_five_points(root / self.params.landmarks)
        own = {self.params.landmarks} if self.params.landmarks else set()
        depth = self.params.identity_depth
        source = FolderSource(root, self.params.folders, points, depth, OWN_FILES | own)
        for note in source.left_out.notes(root.name):
            self.ctx.note(note)
        return source


class _Container(Protocol):
    """What holds whole identities: the files of a folder, or a zip file."""

    path: Path

    def counts(self) -> dict[str, int]: ...

    def files(self, identity: str) -> list[str]: ...

    def read(self, identity: str, name: str) -> bytes: ...


class FolderSource:
    """Implements :class:`harness.faces.source.Source` on folders and zip files below ``root``.

    ``left_out`` is what is there and is not read, without the files directly in ``root`` whose
    names are in ``own``.
    """

    def __init__(
        self,
        root: Path,
        folders: Sequence[str] = (),
        points: Points | None = None,
        depth: int | None = None,
        own: Collection[str] = frozenset(),
    ) -> None:
        self._points = points
        self.left_out = LeftOut()
        holders: dict[str, _Container] = {}
        counts: dict[str, int] = {}
        for container in _containers(root, folders, depth, own, self.left_out):
            for name, count in container.counts().items():
                if name in holders:
                    raise DataError(
                        f"identity {shown(name)} is in {holders[name].path} and in "
                        f"{container.path}; a set must hold it once, remove one of them"
                    )
                holders[name], counts[name] = container, count
        if not holders:
            raise DataError(
                f"{root} holds no image of the form identity/file ({', '.join(sorted(SUFFIXES))})"
                f"{self.left_out.sentence('; left out: ')}"
            )
        self._folders = sorted(holders, key=natural)
        self.names: Sequence[str] = [shown(name) for name in self._folders]
        self.counts: NDArray[np.int64] = np.array(
            [counts[name] for name in self._folders], np.int64
        )
        self._holders = [holders[name] for name in self._folders]
        self._listed: tuple[int, list[str]] = (-1, [])

    def read(self, identity: int, number: int) -> SourceImage:
        """See :class:`harness.faces.source.Source`."""
        folder = self._folders[identity]
        if self._listed[0] != identity:
            self._listed = identity, self._holders[identity].files(folder)
        file = self._listed[1][number]
        name = shown(f"{folder}/{file}")
        points = None
        if self._points is not None:
            points = self._points.get(name)
            if points is None:
                raise DataError(f"{name}: the landmark file has no line for it")
        data = self._holders[identity].read(folder, file)
        return SourceImage(data, name, points)


class _FolderFiles:
    """Image files below a folder; only names of identities are kept, files are listed when read."""

    def __init__(self, path: Path, found: dict[str, int], depth: int | None) -> None:
        self.path, self._found, self._depth = path, found, depth

    def counts(self) -> dict[str, int]:
        return self._found

    def files(self, identity: str) -> list[str]:
        folder = self.path / identity
        names: list[str] = []
        for here in walk(folder, deep=self._depth is not None):
            images, _ = sort_out(here, LeftOut())
            names += map(here.below, images)
        if len(names) != self._found[identity]:
            raise DataError(f"{folder} changed while it was read; run again")
        return sorted(names, key=natural)

    def read(self, identity: str, name: str) -> bytes:
        try:
            return (self.path / identity / name).read_bytes()
        except OSError as error:
            raise DataError(f"{shown(f'{identity}/{name}')}: {error.strerror}") from None


def _containers(
    root: Path, folders: Sequence[str], depth: int | None, own: Collection[str], left_out: LeftOut
) -> Iterator[_Container]:
    """Folders and zip files with whole identities; what is neither image nor zip is noted."""
    if root.is_file():
        yield ZipImages(root, depth, left_out)
        return
    found: dict[str, int] = {}
    zips: list[Path] = []
    for start in map(_inside, folders or ("",)):
        if start and not (root / start).is_dir():
            raise UsageError(f"folders names {start}, which is not in {root}")
        for here in walk(root / start):
            kept = own if here.path == root else frozenset()
            images, others = sort_out(here, left_out, partial(_known, own=kept))
            zips += [here.path / name for name in others if _is_zip(name)]
            if images:
                inside = PurePosixPath((here.path / images[0]).relative_to(root).as_posix())
                identity, _ = split(inside, depth, root)
                found[identity] = found.get(identity, 0) + len(images)
    if found:
        yield _FolderFiles(root, found, depth)
    for path in sorted(zips):
        yield ZipImages(path, depth, left_out)


def _inside(start: str) -> str:
    """A folder of the parameter ``folders``, which is one below the root that can be seen."""
    inside = inner_path(start)
    if inside is None or is_hidden_path(inside.as_posix()):
        raise UsageError(f"folders names {start}; name folders below root that are not hidden")
    return "" if not inside.parts else inside.as_posix()


def _known(name: str, own: Collection[str]) -> bool:
    return _is_zip(name) or name in own


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")
