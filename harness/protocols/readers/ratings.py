"""Ratings of images as CSV: those of ``harness faces rate``, and those of OFIQ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, UsageError
from harness.fileio.texts import separator_of
from harness.protocols.readers.columns import ListColumn, fields_of, first_line, read_text_columns

NAMES = ("image", "filename", "file", "path", "name")
"""Headers of the column that names images, in any case."""
QUALITY = ("quality", "unifiedqualityscore.scalar", "unifiedqualityscore")
"""Headers of the column that is the quality, the best first: ours, and those of OFIQ."""
NOT_NUMBERS = ("identity",)


@dataclass(frozen=True, eq=False)
class RatingList:
    """One number per named image, float64 (K,), NaN where there is none."""

    path: Path
    column: str
    names: Sequence[str]
    values: NDArray[np.float64]

    def of(self, wanted: Sequence[str]) -> NDArray[np.float64]:
        """The numbers of images by their names, float64 (N,); NaN for those that are not listed.

        A listed path ends in the name of its image, so folders before it do not count. Raises
        DataError where two listed images are one, or where none is wanted.
        """
        rows = self._rows(wanted)
        return np.where(rows >= 0, self.values[rows], np.nan)

    def has(self, wanted: Sequence[str]) -> NDArray[np.bool_]:
        """Which images are listed, rated or not, bool (N,); raises as :meth:`of`."""
        return np.asarray(self._rows(wanted) >= 0)

    def _rows(self, wanted: Sequence[str]) -> NDArray[np.intp]:
        known: dict[str, int] = {}
        keys = set(map(_key, wanted))
        depth = max((key.count("/") for key in keys), default=0)
        for row, name in enumerate(self.names):
            for key in _endings(_key(name), depth):
                if key in keys:
                    if key in known and self._differ(known[key], row):
                        raise DataError(
                            f"{self.path} rates {key} twice, with different numbers; remove one"
                        )
                    known[key] = row
                    break
        if wanted and not known:
            raise DataError(
                f"{self.path} names {len(self.names):,} images and none of this set, whose first "
                f"is {wanted[0]!r}; write them as they are named there"
            )
        return np.array([known.get(_key(name), -1) for name in wanted], np.intp)

    def _differ(self, first: int, second: int) -> bool:
        pair = self.values[[first, second]]
        return not np.array_equal(pair[:1], pair[1:], equal_nan=True)


def rating_columns(path: Path) -> list[str]:
    """Headers of the columns of numbers; raises UsageError for no file, DataError for no header."""
    return _header(path)[1]


def read_ratings(path: Path, column: str | None = None) -> RatingList:
    """One column of a file; by default the quality, or the only column of numbers.

    The file has a header; columns are separated by comma, semicolon, tab or space. An empty field
    or ``nan`` is no rating. Raises UsageError for a column that is not there or has to be chosen,
    and DataError with file and line for a field that is not a number.
    """
    names, columns = _header(path)
    chosen = _chosen(path, columns, column)
    wanted = {names: ListColumn("str"), chosen: ListColumn("float64", finite=False)}
    table = read_text_columns(path, wanted, header=True)
    return RatingList(path, chosen, table[names].tolist(), table[chosen].astype(np.float64))


def _header(path: Path) -> tuple[str, list[str]]:
    if not path.is_file():
        raise UsageError(f"{path} is not a file; give a CSV file of ratings")
    _, first = first_line(path)
    fields = fields_of(first, separator_of(first))
    names = [field for field in fields if field.lower() in NAMES]
    if not names:
        raise DataError(
            f"{path}: none of its columns ({', '.join(fields[:8])}) names images; call it image"
        )
    rest = [f for f in fields if f.lower() not in (*NAMES, *NOT_NUMBERS) and f.strip()]
    if not rest:
        raise DataError(f"{path} has no column of ratings beside {names[0]}")
    return names[0], rest


def _chosen(path: Path, columns: Sequence[str], column: str | None) -> str:
    lower = {name.lower(): name for name in reversed(columns)}
    if column is not None:
        if column.lower() not in lower:
            raise UsageError(f"{path} has no column {column!r}; it has {', '.join(columns)}")
        return lower[column.lower()]
    for name in QUALITY:
        if name in lower:
            return lower[name]
    if len(columns) == 1:
        return columns[0]
    raise UsageError(f"{path} has several columns ({', '.join(columns)}); name the one that counts")


def _key(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).as_posix()


def _endings(key: str, depth: int) -> list[str]:
    """The path and its ends of at most ``depth`` folders, the longest first."""
    parts = key.split("/")
    return ["/".join(parts[k:]) for k in range(max(0, len(parts) - depth - 1), len(parts))]
