"""Which record shows which identity: from record headers, or from a list of paths beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.files import lines, whole_number
from harness.plugin.sources import EXACT_FLOAT, RecordFile, natural, read_index


@dataclass(frozen=True)
class Table:
    """Images in the order of their identities, then keys.

    ``names`` are the identities; image i of identity k is row ``starts[k] + i`` of ``keys`` and
    ``offsets``, int64 (images,). ``starts`` is int64 (identities + 1,). ``notes`` is what the
    reader of a result must know.
    """

    names: list[str]
    starts: NDArray[np.int64]
    keys: NDArray[np.int64]
    offsets: NDArray[np.int64]
    notes: tuple[str, ...] = ()


def index_of(rec: RecordFile) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keys and offsets of the records: from the ``.idx`` file, or by a walk where there is none."""
    idx = rec.path.with_suffix(".idx")
    if idx.exists():
        keys, offsets = read_index(idx)
        if not len(keys):
            raise DataError(f"{idx} lists no record")
        return keys, offsets
    offsets = np.fromiter(rec.offsets(), np.int64)
    return np.arange(len(offsets), dtype=np.int64), offsets


def by_header(rec: RecordFile, negative: Literal["error", "skip"]) -> Table:
    """Identities from the label of each record.

    Where record 0 is meta data (its labels are an array N, M), images are the records 1 to N - 1;
    else every record is an image, as the tool im2rec writes them.
    """
    keys, offsets = index_of(rec)
    order = np.argsort(offsets)
    keys, offsets = keys[order], offsets[order]
    heads = rec.headers(offsets)
    image = np.ones(len(keys), np.bool_)
    zero = np.flatnonzero(keys == 0)
    if len(zero) and heads.arrays[zero[0]] and not heads.body_bytes[zero[0]]:
        image = _announced(rec, int(offsets[zero[0]]), keys, heads.body_bytes)
    keys, offsets, labels = keys[image], offsets[image], heads.labels[image]
    wrong = ~np.isfinite(labels) | (labels != np.floor(labels)) | (np.abs(labels) >= 2.0**53)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{rec.path}, offset {offsets[row]}: the label {labels[row]} of record {keys[row]} is "
            "not a whole number; if identities are in a list.txt, set labels=list"
        )
    bad = labels < 0
    if bad.any() and negative == "error":
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"{rec.path} has {int(bad.sum())} records with a negative label, the first is record "
            f"{keys[row]} at offset {offsets[row]}; set negative_labels=skip to leave them out"
        )
    notes = (f"{int(bad.sum())} records with a negative label were left out",) if bad.any() else ()
    numbers, codes = np.unique(labels[~bad].astype(np.int64), return_inverse=True)
    return _table([str(n) for n in numbers], codes, keys[~bad], offsets[~bad], notes)


def _announced(
    rec: RecordFile, offset: int, keys: NDArray[np.int64], body_bytes: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which records are images when record 0 says so."""
    ends = rec.record(offset).labels[0]
    if not (np.isfinite(ends) and ends == int(ends) and ends >= 1):
        raise DataError(
            f"{rec.path}, offset {offset}: record 0 says that images end at {ends}, which is no "
            "count; copy the file again"
        )
    # In float32 the count of a very large set is rounded; there the empty records tell.
    if ends >= EXACT_FLOAT:
        return (keys > 0) & (body_bytes > 0)
    image = (keys > 0) & (keys < ends)
    if int(image.sum()) != int(ends) - 1:
        raise DataError(
            f"{rec.path}: record 0 announces {int(ends) - 1} images but the index lists "
            f"{int(image.sum())} of them; copy both files again"
        )
    return image


def by_list(rec: RecordFile, listing: Path) -> Table:
    """Identities from the folders of the paths in ``list.txt``: ``index<TAB>path`` a line.

    In lines of more columns the first is the index and the last the path.
    """
    keys, offsets = index_of(rec)
    where = dict(zip(keys.tolist(), offsets.tolist(), strict=True))
    codes: dict[str, int] = {}
    rows: dict[int, int] = {}
    for number, line in enumerate(lines(listing), 1):
        if not line.strip():
            continue
        words = line.split("\t")
        folder = PurePosixPath(words[-1]).parent.as_posix()
        key = whole_number(words[0])
        if len(words) < 2 or key is None or folder in (".", "/"):
            raise DataError(f"{listing}, line {number}: {_expected(line)}")
        if key not in where or key in rows:
            problem = "is listed twice" if key in rows else f"is not in the index of {rec.path}"
            raise DataError(f"{listing}, line {number}: record {key} {problem}")
        rows[key] = codes.setdefault(folder, len(codes))
    if not rows:
        raise DataError(f"{listing} is empty; it should hold index and path of every record")
    notes: tuple[str, ...] = ()
    if len(rows) < len(where):
        notes = (f"{len(where) - len(rows)} records are not in {listing.name} and are left out",)
    names = sorted(codes, key=natural)
    rank = np.empty(len(names), np.int64)
    rank[[codes[name] for name in names]] = np.arange(len(names))
    used = np.fromiter(rows, np.int64, len(rows))
    spots = np.fromiter((where[key] for key in rows), np.int64, len(rows))
    rec.headers(spots)  # finds damaged records now and not in the middle of a set
    return _table(names, rank[np.fromiter(rows.values(), np.int64, len(rows))], used, spots, notes)


def _expected(line: str) -> str:
    """What a line should be, and what is the matter where that can be told."""
    text = "expected index, tab and identity/file"
    if "\\" in line:
        return f"{text}; the path has backslashes, write / between folders"
    if "\t" not in line:
        return f"{text}; the line has no tab" + (", only spaces" if " " in line else "")
    return text


def _table(
    names: list[str],
    codes: NDArray[np.int64],
    keys: NDArray[np.int64],
    offsets: NDArray[np.int64],
    notes: tuple[str, ...],
) -> Table:
    order = np.lexsort((keys, codes))
    starts = np.searchsorted(codes[order], np.arange(len(names) + 1)).astype(np.int64)
    return Table(names, starts, keys[order], offsets[order], notes)


def implausible(table: Table) -> str:
    """What is wrong with a labelling that cannot be one of identities; empty when it can."""
    images, identities = len(table.keys), len(table.names)
    if not images:
        return "there is no image"
    if images > 1 and identities == 1:
        return f"all {images} images have the same label {table.names[0]}"
    if images > 1 and identities == images:
        return f"each of the {images} images has a label of its own"
    return ""
