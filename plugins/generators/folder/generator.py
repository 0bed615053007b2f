"""The generator ``folder``: images of folders and zip files as one set of identities."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, UsageError
from harness.faces.files import SUFFIXES
from harness.faces.source import SourceGenerator, SourceImage, natural
from harness.protocols.landmarks import read_five_points

from .params import Params
from .zips import ZipImages, split

Points = Mapping[str, NDArray[np.float32]]


class Folder(SourceGenerator):
    """Faces from ``{identity}/{file}``; an identity is named by its folder's path below root."""

    params: Params

    def open(self) -> FolderSource:
        """See :class:`harness.faces.source.SourceGenerator`."""
        root = self.params.root
        if root is None:
            raise UsageError("generator folder has no images; give -G root=DIR")
        points = None
        if self.params.landmarks is not None:
            points = read_five_points(root / self.params.landmarks)
        depth = self.params.identity_depth
        return FolderSource(root, self.params.folders, points, depth)


class _Container(Protocol):
    """What holds whole identities: the files of a folder, or a zip file."""

    path: Path

    def counts(self) -> dict[str, int]: ...

    def files(self, identity: str) -> list[str]: ...

    def read(self, identity: str, name: str) -> bytes: ...


class FolderSource:
    """Implements :class:`harness.faces.source.Source` on folders and zip files below ``root``."""

    def __init__(
        self,
        root: Path,
        folders: Sequence[str] = (),
        points: Points | None = None,
        depth: int | None = None,
    ) -> None:
        self._points = points
        holders: dict[str, _Container] = {}
        counts: dict[str, int] = {}
        for container in _containers(root, folders, depth):
            for name, count in container.counts().items():
                if name in holders:
                    raise DataError(
                        f"identity {name} lies in {holders[name].path} and in {container.path}; "
                        "a set must hold it once, remove one of them"
                    )
                holders[name], counts[name] = container, count
        if not holders:
            raise DataError(
                f"{root} holds no image of the form identity/file ({', '.join(sorted(SUFFIXES))})"
            )
        self.names: Sequence[str] = sorted(holders, key=natural)
        self.counts: NDArray[np.int64] = np.array([counts[name] for name in self.names], np.int64)
        self._holders = [holders[name] for name in self.names]
        self._listed: tuple[int, list[str]] = (-1, [])

    def read(self, identity: int, number: int) -> SourceImage:
        """See :class:`harness.faces.source.Source`."""
        if self._listed[0] != identity:
            self._listed = identity, self._holders[identity].files(self.names[identity])
        file = self._listed[1][number]
        name = f"{self.names[identity]}/{file}"
        points = None
        if self._points is not None:
            points = self._points.get(name)
            if points is None:
                raise DataError(f"{name}: the landmark file has no line for it")
        data = self._holders[identity].read(self.names[identity], file)
        return SourceImage(data, name, points)


class _Files:
    """Image files below a folder; only names of identities are kept, files are listed when read."""

    def __init__(self, path: Path, found: dict[str, int], depth: int | None) -> None:
        self.path, self._found, self._depth = path, found, depth

    def counts(self) -> dict[str, int]:
        return self._found

    def files(self, identity: str) -> list[str]:
        folder = self.path / identity
        names = []
        for top, below, files in os.walk(folder):
            below[:] = [] if self._depth is None else filter(_visible, below)
            inside = Path(top).relative_to(folder)
            names += [(inside / name).as_posix() for name in files if _is_image(name)]
        if len(names) != self._found[identity]:
            raise DataError(f"{folder} changed while it was read; run again")
        return sorted(names, key=natural)

    def read(self, identity: str, name: str) -> bytes:
        try:
            return (self.path / identity / name).read_bytes()
        except OSError as error:
            raise DataError(f"{identity}/{name}: {error.strerror}") from None


def _containers(root: Path, folders: Sequence[str], depth: int | None) -> Iterator[_Container]:
    if root.is_file():
        yield ZipImages(root, depth)
        return
    found: dict[str, int] = {}
    zips: list[Path] = []
    for start in folders or ("",):
        if start and not (root / start).is_dir():
            raise UsageError(f"folders names {start}, which is not in {root}")
        for top, below, files in os.walk(root / start):
            below[:] = sorted(filter(_visible, below))
            folder = Path(top)
            zips += [folder / name for name in files if name.lower().endswith(".zip")]
            images = [name for name in files if _is_image(name)]
            if images:
                inside = PurePosixPath((folder / min(images)).relative_to(root).as_posix())
                identity, _ = split(inside, depth, root)
                found[identity] = found.get(identity, 0) + len(images)
    if found:
        yield _Files(root, found, depth)
    for path in sorted(zips):
        yield ZipImages(path, depth)


def _visible(name: str) -> bool:
    return not name.startswith((".", "__MACOSX"))


def _is_image(name: str) -> bool:
    # Path(name).suffix is ten times slower, and there can be a million names.
    return os.path.splitext(name)[1].lower() in SUFFIXES and _visible(name)  # noqa: PTH122
