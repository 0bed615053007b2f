"""The generator ``recordio``: images of a RecordIO file by identity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError, UsageError, digest
from harness.plugin.files import identity, read_strings, walk, write_strings
from harness.plugin.sources import RecordFile, SourceGenerator, SourceImage

from .params import RecordIOParams
from .table import Table, by_header, by_list, implausible

LIST = "list.txt"


class RecordIo(SourceGenerator):
    """Faces of a ``.rec`` file; identities are named by their label, or by their path in a list."""

    params: RecordIOParams

    def open(self) -> RecordSource:
        """See :class:`harness.faces.source.SourceGenerator`."""
        if self.params.root is None:
            raise UsageError("generator recordio has no records; give -G root=DIR")
        path = find_rec(self.params.root, self.params.rec)
        rec = RecordFile(path)
        listing = path.with_name(LIST)
        if self.params.labels == "list" and not listing.exists():
            raise DataError(f"{listing} is not there, but labels=list needs it; set labels=header")
        if self.params.labels != "header" and listing.exists():
            table = by_list(rec, listing)
        else:
            table = self._kept(rec)
        problem = implausible(table)
        if problem and (self.params.labels == "auto" or not len(table.keys)):
            raise DataError(
                f"{path}: {problem}, so labels cannot be identities; if they are in a {LIST}, "
                "put it beside the file, or set labels=header if this is meant"
            )
        for note in table.notes:
            self.ctx.note(note)
        if problem:
            self.ctx.note(problem)
        return RecordSource(rec, table)

    def _kept(self, rec: RecordFile) -> Table:
        """The table from headers, made once and kept: a scan of millions of records takes minutes.

        Like a fingerprint, what is kept holds while the file system is sure that files are the
        same.
        """
        files = [file for file in (rec.path, rec.path.with_suffix(".idx")) if file.exists()]
        parts = {
            "file": digest(str(rec.path.resolve())),
            "contents": [identity(file) for file in files],
            "negative_labels": self.params.negative_labels,
            "format": 2,  # raise it when other files are kept
        }

        def build(folder: Path) -> None:
            table = by_header(rec, self.params.negative_labels)
            write_strings(folder / "names.arrow", table.names)
            write_strings(folder / "notes.arrow", table.notes)
            np.savez(
                folder / "table.npz", starts=table.starts, keys=table.keys, offsets=table.offsets
            )

        folder = self.ctx.artifact("labels", parts, build)
        names, notes = (list(read_strings(folder / f"{n}.arrow")) for n in ("names", "notes"))
        with np.load(folder / "table.npz", allow_pickle=False) as kept:
            return Table(names, kept["starts"], kept["keys"], kept["offsets"], tuple(notes))


class RecordSource:
    """Implements :class:`harness.faces.source.Source` on a RecordIO file and its table."""

    def __init__(self, rec: RecordFile, table: Table) -> None:
        self._rec, self._table = rec, table
        self.names: Sequence[str] = table.names
        self.counts: NDArray[np.int64] = np.diff(table.starts)

    def read(self, identity: int, number: int) -> SourceImage:
        """See :class:`harness.faces.source.Source`."""
        row = int(self._table.starts[identity]) + number
        record = self._rec.record(int(self._table.offsets[row]))
        name = f"{self._rec.path.name} record {self._table.keys[row]}"
        return SourceImage(record.body, name)


def find_rec(root: Path, named: str | None) -> Path:
    """The ``.rec`` file of a folder; raises ``DataError`` when there is none or a choice."""
    if named is not None:
        return root / named
    if root.is_file():
        return root
    found = _rec_files(root) or (_rec_files(root / "record") if (root / "record").is_dir() else [])
    if len(found) != 1:
        listed = ", ".join(path.name for path in found) or "none"
        raise DataError(f"{root} should hold one .rec file, found {listed}; set rec=NAME")
    return found[0]


def _rec_files(folder: Path) -> list[Path]:
    here = next(walk(folder, deep=False))
    return [folder / name for name in here.files if name.endswith(".rec")]
