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
from harness.fileio.texts import (
    FLAG_WORDS,
    decimal_comma,
    encoding_of,
    flag,
    lines,
    require_distinct,
    separator_of,
)

Kind = Literal["int32", "int8", "float32", "float64", "str", "bool"]


@dataclass(frozen=True)
class ListColumn:
    """One wanted column: its kind, other names of it in headers, and bounds of its numbers.

    Numbers must be finite unless ``finite`` is False; ``bool`` takes what
    :func:`harness.fileio.texts.flag` knows.
    """

    kind: Kind
    names: tuple[str, ...] = ()
    low: float = -np.inf
    high: float = np.inf
    finite: bool = True


@dataclass(frozen=True)
class ListLayout:
    """How a list is written: fields per line, what separates them, and where columns are.

    ``begin`` is the number of lines before the first entry.
    """

    width: int
    separator: str
    places: Mapping[str, int]
    begin: int


def read_text_columns(
    path: Path, columns: Mapping[str, ListColumn], *, header: bool, separator: str | None = None
) -> dict[str, NDArray[Any]]:
    """The wanted columns of a list whose fields are separated by comma, semicolon, tab or space.

    With a header the columns are found by name, in any case, among others that are ignored; without
    one the list has exactly these columns. ``separator`` is detected from the first line if not
    given. Numbers come as arrays of their kind, text as an array of Python strings (one long name
    would widen every entry of a dtype ``U``). Empty lines are skipped. Raises DataError with file
    and line.
    """
    number, first = first_line(path)
    mark = separator or separator_of(first)
    if header:
        fields = fields_of(first, mark)
        places = {name: _find(path, number, fields, name, c) for name, c in columns.items()}
    else:
        fields = list(columns)
        places = {name: number for number, name in enumerate(columns)}
    layout = ListLayout(len(fields), mark, places, number if header else number - 1)
    found = _fast(path, columns, layout)
    if found is None:
        found = _strict(path, columns, layout)
    if not len(next(iter(found.values()))):
        raise DataError(f"{path} holds no entries; complete the file")
    return found


def first_line(path: Path) -> tuple[int, str]:
    """The first line that is not empty, and its number; raises DataError where there is none."""
    for number, line in enumerate(lines(path), 1):
        if line.strip():
            return number, line
    raise DataError(f"{path} is empty; it should hold a list")


def fields_of(line: str, separator: str) -> list[str]:
    """The fields of a line; none of a line whose quotes are wrong."""
    if separator == " ":
        return line.split()
    if separator == "\t":
        return [word.strip() for word in line.split("\t")]
    try:
        rows = csv.reader([line], delimiter=separator, strict=True, skipinitialspace=True)
        return [word.strip() for word in next(rows)]
    except (csv.Error, StopIteration):
        return []


def _find(path: Path, line: int, fields: Sequence[str], name: str, column: ListColumn) -> int:
    known = [field.casefold() for field in fields]
    for wanted in (name, *column.names):
        if wanted.casefold() in known:
            require_distinct(path, fields, [wanted], line)
            return known.index(wanted.casefold())
    names = " or ".join((name, *column.names))
    raise DataError(
        f"{path}, line {line}: no column {names} among {', '.join(fields)[:200] or 'nothing'}"
    )


def _fast(
    path: Path, columns: Mapping[str, ListColumn], layout: ListLayout
) -> dict[str, NDArray[Any]] | None:
    """The columns by pyarrow, or None for anything that is not plainly right."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    kinds = {"int32": pa.int32(), "int8": pa.int8(), "float32": pa.float32(),
             "float64": pa.float64(), "str": pa.string(), "bool": pa.string()}  # fmt: skip
    wanted = {f"c{layout.places[name]}": kinds[column.kind] for name, column in columns.items()}
    quoted, encoding = layout.separator in ",;", encoding_of(path)
    try:
        table = arrow.read_csv(
            path,
            arrow.ReadOptions(
                column_names=[f"c{k}" for k in range(layout.width)],
                skip_rows=layout.begin,
                encoding="utf8" if encoding.startswith("utf-8") else encoding,
            ),
            arrow.ParseOptions(delimiter=layout.separator, quote_char='"' if quoted else False),
            arrow.ConvertOptions(column_types=wanted, include_columns=list(wanted), null_values=[]),
        )
    except (pa.ArrowException, UnicodeError, OSError):
        return None
    found: dict[str, NDArray[Any]] = {}
    for name, column in columns.items():
        values = table[f"c{layout.places[name]}"]
        if column.kind == "bool":
            flags = _flags(values.combine_chunks())
            if flags is None:
                return None
            found[name] = flags
            continue
        if column.kind == "str":
            words = [word.strip() for word in values.to_pylist()]
            # Quotes after a space are letters to pyarrow.
            if not all(words) or (quoted and any('"' in word for word in words)):
                return None
            found[name] = np.array(words, dtype=np.object_)
            continue
        numbers = values.to_numpy()
        if not _within(numbers, column).all():
            return None
        found[name] = numbers
    return found


def _flags(values: Any) -> NDArray[np.bool_] | None:
    """Flags of a pyarrow string array; None where a word is not one."""
    coded = values.dictionary_encode()
    known = [flag(word) for word in coded.dictionary.to_pylist()]
    if None in known:
        return None
    flags: NDArray[np.bool_] = np.array(known, np.bool_)[coded.indices.to_numpy()]
    return flags


def _within(numbers: NDArray[Any], column: ListColumn) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = np.isfinite(numbers) | (not column.finite)
    if column.low > -np.inf:
        inside &= numbers >= column.low
    if column.high < np.inf:
        inside &= numbers <= column.high
    return inside


def wrong_width(
    path: Path, number: int, line: str, words: Sequence[str], layout: ListLayout
) -> DataError:
    """What is wrong with a line that has more or fewer fields than the list."""
    hint = ""
    if layout.separator in ",;" and len(words) > layout.width:
        hint = "; a name that holds the separator must be in double quotes"
    elif layout.separator in ",;" and not words:
        hint = "; its quotes do not match"
    return DataError(
        f"{path}, line {number}: expected {layout.width} fields, got {len(words)} in "
        f"{line[:80]!r}{hint}"
    )


def _strict(
    path: Path, columns: Mapping[str, ListColumn], layout: ListLayout
) -> dict[str, NDArray[Any]]:
    """The columns line by line; raises DataError for the first line that is wrong."""
    found: dict[str, list[Any]] = {name: [] for name in columns}
    for number, line in enumerate(lines(path), 1):
        if not line.strip() or number <= layout.begin:
            continue
        words = fields_of(line, layout.separator)
        if len(words) != layout.width:
            raise wrong_width(path, number, line, words, layout)
        for name, column in columns.items():
            found[name].append(_value(path, number, name, column, words[layout.places[name]]))
    dtypes = {
        name: np.dtype(np.object_ if c.kind == "str" else c.kind) for name, c in columns.items()
    }
    return {name: np.array(values, dtypes[name]) for name, values in found.items()}


def _value(path: Path, line: int, name: str, column: ListColumn, word: str) -> float | str:
    if column.kind == "str":
        if not word:
            raise DataError(f"{path}, line {line}: {name} is empty")
        return word
    if column.kind == "bool":
        truth = flag(word)
        if truth is None:
            raise DataError(f"{path}, line {line}: {name} is {word[:40]!r}; write {FLAG_WORDS}")
        return truth
    value = _number(column, word)
    if value is None:
        bounds = "" if column.low == -np.inf else f" from {column.low:g} to {column.high:g}"
        kind = f"a whole number ({column.kind})" if "int" in column.kind else (
            "a finite number" if column.finite else "a number")  # fmt: skip
        hint = "; write a decimal point, not a comma" if decimal_comma(word) else ""
        raise DataError(
            f"{path}, line {line}: {name} should be {kind}{bounds}, not {word[:40]!r}{hint}"
        )
    return value


def _number(column: ListColumn, word: str) -> float | int | None:
    """The number in its bounds and those of its kind, else None."""
    if not word.isascii() or "_" in word:  # which Python takes for numbers, and pyarrow does not
        return None
    try:
        value = int(word) if "int" in column.kind else float(word)
    except ValueError:
        return None
    dtype = np.dtype(column.kind)
    if dtype.kind == "i" and not np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
        return None
    return value if bool(_within(np.array(value), column)) else None
