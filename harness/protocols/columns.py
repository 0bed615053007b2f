"""Columns of large text lists: read at full speed, and strictly, with file and line in complaints.

pyarrow reads what is well formed. Whatever it refuses is read again line by line, which either
names the line that is wrong or copes with what is only unusual (several spaces between words).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.protocols.lists import read_lines

Kind = Literal["int32", "int8", "float32", "str"]


@dataclass(frozen=True)
class Column:
    """One wanted column: its kind, other names of it in headers, and bounds of its numbers."""

    kind: Kind
    names: tuple[str, ...] = ()
    low: float = -np.inf
    high: float = np.inf


def read_text_columns(
    path: Path, columns: Mapping[str, Column], *, header: bool
) -> dict[str, NDArray[Any]]:
    """The wanted columns of a list whose fields stand apart by comma, tab or space.

    With a header the columns are found by name, in any case, among others that are ignored; without
    one the list has exactly these columns. Numbers come as arrays of their kind, text as an array
    of dtype ``U``. Empty lines are skipped. Raises DataError with file and line.
    """
    first = _first_line(path)
    separator = next((mark for mark in ",\t" if mark in first), " ")
    if header:
        fields = _words(first, separator)
        places = {name: _find(path, fields, name, column) for name, column in columns.items()}
    else:
        fields = list(columns)
        places = {name: number for number, name in enumerate(columns)}
    found = _fast(path, columns, places, len(fields), separator, header=header)
    if found is None:
        found = _strict(path, columns, places, len(fields), separator, header=header)
    if not len(next(iter(found.values()))):
        raise DataError(f"{path} holds no entries; complete the file")
    return found


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            line = file.readline()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; check the file") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not text: byte {error.start} is not UTF-8") from None
    if not line.strip():
        raise DataError(f"{path} is empty or begins with an empty line; it should hold a list")
    return line.rstrip("\r\n")


def _words(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    if separator == "\t":
        return [word.strip() for word in line.split("\t")]
    try:
        return [word.strip() for word in next(csv.reader([line], strict=True))]
    except (csv.Error, StopIteration):
        return []


def _find(path: Path, fields: Sequence[str], name: str, column: Column) -> int:
    known = [field.casefold() for field in fields]
    for wanted in (name, *column.names):
        if wanted.casefold() in known:
            return known.index(wanted.casefold())
    names = " or ".join((name, *column.names))
    raise DataError(f"{path}, line 1: no column {names} among {', '.join(fields) or 'nothing'}")


def _fast(
    path: Path,
    columns: Mapping[str, Column],
    places: Mapping[str, int],
    width: int,
    separator: str,
    *,
    header: bool,
) -> dict[str, NDArray[Any]] | None:
    """The columns by pyarrow, or None for anything that is not plainly right."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    kinds = {"int32": pa.int32(), "int8": pa.int8(), "float32": pa.float32(), "str": pa.string()}
    wanted = {f"c{places[name]}": kinds[column.kind] for name, column in columns.items()}
    try:
        table = arrow.read_csv(
            path,
            arrow.ReadOptions(
                column_names=[f"c{k}" for k in range(width)], skip_rows=1 if header else 0
            ),
            arrow.ParseOptions(delimiter=separator, quote_char='"' if separator == "," else False),
            arrow.ConvertOptions(column_types=wanted, include_columns=list(wanted), null_values=[]),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None
    found: dict[str, NDArray[Any]] = {}
    for name, column in columns.items():
        values = table[f"c{places[name]}"]
        if column.kind == "str":
            words = values.to_pylist()
            if not all(words):
                return None
            found[name] = np.array([word.strip() for word in words], dtype=np.str_)
            continue
        numbers = values.to_numpy()
        if not _within(numbers, column).all():
            return None
        found[name] = numbers
    return found


def _within(numbers: NDArray[Any], column: Column) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = np.isfinite(numbers)
    if column.low > -np.inf:
        inside &= numbers >= column.low
    if column.high < np.inf:
        inside &= numbers <= column.high
    return inside


def _strict(
    path: Path,
    columns: Mapping[str, Column],
    places: Mapping[str, int],
    width: int,
    separator: str,
    *,
    header: bool,
) -> dict[str, NDArray[Any]]:
    """The columns line by line; raises DataError for the first line that is wrong."""
    found: dict[str, list[Any]] = {name: [] for name in columns}
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip() or (header and number == 1):
            continue
        words = _words(line, separator)
        if len(words) != width:
            raise DataError(
                f"{path}, line {number}: expected {width} fields, got {len(words)} in {line[:80]!r}"
            )
        for name, column in columns.items():
            found[name].append(_value(path, number, name, column, words[places[name]]))
    dtypes = {name: np.str_ if c.kind == "str" else np.dtype(c.kind) for name, c in columns.items()}
    return {name: np.array(values, dtypes[name]) for name, values in found.items()}


def _value(path: Path, line: int, name: str, column: Column, word: str) -> float | int | str:
    if column.kind == "str":
        if not word:
            raise DataError(f"{path}, line {line}: {name} is empty")
        return word
    value = _number(column, word)
    if value is None:
        bounds = "" if column.low == -np.inf else f" from {column.low:g} to {column.high:g}"
        kind = "a finite number" if column.kind == "float32" else f"a whole number ({column.kind})"
        raise DataError(f"{path}, line {line}: {name} should be {kind}{bounds}, not {word[:40]!r}")
    return value


def _number(column: Column, word: str) -> float | int | None:
    """The number in its bounds and those of its kind, else None."""
    try:
        value = float(word) if column.kind == "float32" else int(word)
    except ValueError:
        return None
    dtype = np.dtype(column.kind)
    if dtype.kind == "i" and not np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
        return None
    return value if bool(_within(np.array(value), column)) else None
