"""What both layouts of IJB-B and IJB-C come down to, and how it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.plugin import Context, DataError, file_sha256
from harness.plugin.files import read_strings, write_strings
from harness.plugin.lists import ListColumn, read_text_columns

Arrays = Mapping[str, NDArray[Any]]

ID = ListColumn("int32", low=0)
FORMAT = 2
"""Part of the cache's key: raise it when the arrays kept of a file change."""


@dataclass(frozen=True, eq=False)
class Lists:
    """A set as arrays. Entries are one image in one template: int32 (E,).

    ``names`` of images relative to ``folder``; ``landmarks`` (N, 5, 2), ``boxes`` (N, 4) and
    ``detector`` (N,) float32, or None where not given. ``subject_ids`` gives (template id, subject)
    rows, int32 (T, 2), of the templates whose subject is known. ``pairs`` int32 (P, 2) with
    ``genuine`` bool (P,); ``galleries`` and ``probes`` are template ids, empty without 1N lists.
    """

    folder: Path
    names: Sequence[str]
    landmarks: NDArray[np.float32] | None
    boxes: NDArray[np.float32] | None
    detector: NDArray[np.float32] | None
    rows: NDArray[np.int32]
    template_ids: NDArray[np.int32]
    media_ids: NDArray[np.int32]
    subject_ids: NDArray[np.int32]
    pairs: NDArray[np.int32] | None
    genuine: NDArray[np.bool_] | None
    pairs_file: str
    galleries: Mapping[str, NDArray[np.int32]]
    probes: NDArray[np.int32]
    missing: str = ""  # what a comparison that cannot be made would need


def cached(
    ctx: Context, path: Path, columns: Mapping[str, ListColumn], *, header: bool
) -> dict[str, NDArray[Any]]:
    """Columns of a text list, read once for its content and then from files of arrays."""

    def build(folder: Path) -> None:
        for name, values in read_text_columns(path, columns, header=header).items():
            if columns[name].kind == "str":
                write_strings(folder / f"{name}.arrow", values)
            else:
                np.save(folder / f"{name}.npy", values, allow_pickle=False)

    parts = {"sha256": file_sha256(path), "columns": sorted(columns), "format": FORMAT}
    kept = ctx.artifact("lists", parts, build)
    return {
        name: np.array(read_strings(kept / f"{name}.arrow")[:], np.object_)
        if column.kind == "str"
        else np.load(kept / f"{name}.npy", allow_pickle=False)
        for name, column in columns.items()
    }


def per_template(columns: Arrays) -> NDArray[np.int32]:
    """Rows (template id, subject id) of a list with one row per image, each template once."""
    table = np.stack([columns["template_id"], columns["subject_id"]], axis=1)
    return np.unique(table, axis=0).astype(np.int32)


def subject_rows(tables: Mapping[str, Arrays]) -> NDArray[np.int32]:
    """The rows of several lists together, rising by template. Raises DataError if they disagree."""
    if not tables:
        return np.empty((0, 2), np.int32)
    rows = np.unique(np.concatenate([per_template(t) for t in tables.values()]), axis=0)
    twice = np.flatnonzero(rows[1:, 0] == rows[:-1, 0])
    if twice.size:
        template, one = rows[twice[0]]
        raise DataError(
            f"{', '.join(tables)}: template {template} is given subjects {one} and "
            f"{rows[twice[0] + 1, 1]}; every template shows one person"
        )
    return rows


def find_folder(root: Path, names: Sequence[str], test: Callable[[Path], bool]) -> Path | None:
    """The first of ``root`` and its folders ``names`` that passes."""
    return next((f for f in (root, *(root / name for name in names)) if test(f)), None)
