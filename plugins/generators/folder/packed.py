"""The generators ``parquet``, ``webdataset`` and ``lmdb``: images of packed files by identity."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError, UsageError, digest
from harness.plugin.files import identity, read_strings, walk, write_strings
from harness.plugin.sources import HIDDEN, OWN_FILES, LeftOut, SourceGenerator, SourceImage, natural

from .lmdb_rows import LmdbRows, find_database, index_lmdb, read_mask
from .params import LmdbParams, PackedParams, ParquetParams
from .rows import ParquetRows
from .tars import TarSamples, index_tars

_TEXTS = ("names", "keys", "notes")


class PackedImages(Protocol):
    """Images of packed files by row, in the order of the files."""

    names: Sequence[str]
    codes: NDArray[np.int64]
    notes: Sequence[str]
    """What the reader of a result must know, such as what was left out of the files."""

    def read(self, row: int) -> SourceImage:
        """One image; raises ``DataError`` naming file and record when it cannot be read."""


class PackedSource:
    """Implements :class:`harness.faces.source.Source` on packed files.

    Identities are in the natural order of their names, the images of each as they are.
    """

    def __init__(self, pack: PackedImages) -> None:
        self._pack = pack
        names = pack.names
        order = sorted(range(len(names)), key=lambda code: natural(names[code]))
        rank = np.empty(len(names), np.int64)
        rank[order] = np.arange(len(names))
        ranks = rank[pack.codes]
        self.names: Sequence[str] = [names[code] for code in order]
        self.counts: NDArray[np.int64] = np.bincount(ranks, minlength=len(names)).astype(np.int64)
        self._rows = np.argsort(ranks, kind="stable")
        self._starts = np.concatenate([[0], np.cumsum(self.counts)])

    def read(self, identity: int, number: int) -> SourceImage:
        """See :class:`harness.faces.source.Source`."""
        return self._pack.read(int(self._rows[int(self._starts[identity]) + number]))


class _Packed(SourceGenerator):
    """Opens the packed files below a root."""

    params: PackedParams
    suffix: str

    def open(self) -> PackedSource:
        """See :class:`harness.faces.source.SourceGenerator`."""
        if self.params.root is None:
            raise UsageError(f"there is no {self.suffix} file to read; give -G root=DIR")
        left_out = LeftOut()
        pack = self.pack(find_packs(self.params.root, self.suffix, left_out))
        for note in [*left_out.notes(self.params.root.name), *pack.notes]:
            self.ctx.note(note)
        return PackedSource(pack)

    @abstractmethod
    def pack(self, paths: Sequence[Path]) -> PackedImages:
        """The images of these files."""


class Parquet(_Packed):
    """Faces of Parquet files, one row per image."""

    params: ParquetParams
    suffix = ".parquet"

    def pack(self, paths: Sequence[Path]) -> ParquetRows:
        """Read the identities of all rows."""
        return ParquetRows(paths, self.params.image_column, self.params.identity_column)


class WebDataset(_Packed):
    """Faces of tar files, a sample an image."""

    suffix = ".tar"

    def pack(self, paths: Sequence[Path]) -> TarSamples:
        """The list of members, made once and kept: millions of them take minutes to walk through.

        Like a fingerprint, what is kept holds while the file system is sure that files are the
        same.
        """
        parts = {
            "files": digest([str(path.resolve()) for path in paths]),
            "contents": [identity(path) for path in paths],
            "format": 2,  # raise it when other files are kept
        }

        def build(folder: Path) -> None:
            index = index_tars(paths)
            for name in _TEXTS:
                write_strings(folder / f"{name}.arrow", index.pop(name))
            np.savez(folder / "samples.npz", **index)

        folder = self.ctx.artifact("samples", parts, build)
        texts = {name: read_strings(folder / f"{name}.arrow") for name in _TEXTS}
        with np.load(folder / "samples.npz", allow_pickle=False) as kept:
            return TarSamples(paths, {**kept, **texts})


class Lmdb(SourceGenerator):
    """Faces of an LMDB file with msgpack values."""

    params: LmdbParams

    def open(self) -> PackedSource:
        """See :class:`harness.faces.source.SourceGenerator`."""
        if self.params.root is None:
            raise UsageError("generator lmdb has no database to read; give -G root=DIR")
        path = find_database(self.params.root, self.params.database)
        index = self._kept(path)
        mask, total = self.params.mask, len(index["labels"])
        rows = LmdbRows(path, index, None if mask is None else read_mask(mask, total))
        if mask is not None:
            self.ctx.note(f"{len(rows.codes)} of {total} images are used, by {mask.name}")
        for note in rows.notes:
            self.ctx.note(note)
        return PackedSource(rows)

    def _kept(self, path: Path) -> dict[str, Any]:
        """The list of images, made once and kept: labels are behind the images in each value."""
        parts = {
            "file": digest(str(path.resolve())),
            "contents": identity(path),
            "label_position": self.params.label_position,
            "format": 1,  # raise it when other files are kept
        }

        def build(folder: Path) -> None:
            index = index_lmdb(path, self.params.label_position)
            write_strings(folder / "notes.arrow", index.pop("notes"))
            np.savez(folder / "images.npz", **index)

        folder = self.ctx.artifact("images", parts, build)
        with np.load(folder / "images.npz", allow_pickle=False) as kept:
            return {**kept, "notes": list(read_strings(folder / "notes.arrow"))}


def find_packs(root: Path, suffix: str, left_out: LeftOut) -> list[Path]:
    """The files of that suffix: ``root`` itself, or all below it that are not hidden, sorted."""
    if root.is_file():
        return [root]
    found = []
    for here in walk(root):
        for name in here.hidden:
            left_out.add(HIDDEN, here.below(name))
        for name in here.files:
            if name.endswith(suffix):
                found.append(here.below(name))
            elif here.inside or name not in OWN_FILES:
                left_out.add(f"not {suffix}", here.below(name))
    if not found:
        raise DataError(f"{root} holds no {suffix} file; check root")
    return [root / name for name in sorted(found, key=natural)]
