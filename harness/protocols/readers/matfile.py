"""Reader of MATLAB files of level 5 (``-v5`` to ``-v7``), for cells, structs, text and numbers.

SciPy's reader can end the whole process on a damaged file; this one checks every length before it
uses it. Format: MathWorks, "MAT-File Format", chapter 1 (level 5).
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import DataError

HEADER, MOST_BYTES, DEEPEST = 128, 1 << 28, 16
MOST_ARRAYS = 1_000_000
"""Arrays within a variable, each of which costs a hundred bytes and microseconds."""
_MOST_COUNTS, _MOST_FIELDS = 32, 4096
MATRIX, COMPRESSED = 14, 15
CELL, STRUCT, CHAR, NUMBERS = 1, 2, 4, range(6, 16)
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8",
            13: "u8"}  # fmt: skip
_TEXT = {1: "latin-1", 2: "latin-1", 4: "utf-16-le", 16: "utf-8", 17: "utf-16-le"}


@dataclass(frozen=True)
class Cells:
    """A cell array: its values in MATLAB's order, the first index running fastest."""

    shape: tuple[int, ...]
    values: list[Any]


@dataclass(frozen=True)
class Records:
    """A struct array: the values of one struct after the other, in the order of ``fields``."""

    fields: tuple[str, ...]
    values: list[list[Any]]


class _DamagedError(Exception):
    """Something in the file does not fit."""


def read_variable(path: Path, name: str) -> Any:
    """One variable: ``Cells``, ``Records``, text (str), or numbers as a flat array in file order.

    Raises ``DataError`` when the file is damaged, of another version, or has no such variable.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; check the file") from None
    if data[HEADER - 2 : HEADER] != b"IM":
        raise DataError(
            f"{path} is not a little-endian MATLAB file of version 5 to 7; save it with -v7"
        )
    try:
        return _find(_Elements(memoryview(data)[HEADER:]), name)
    except KeyError:
        raise DataError(
            f"{path} has no variable {name!r}; is it the file of another protocol?"
        ) from None
    except (_DamagedError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{path} is damaged as a MATLAB file ({error}); copy it again") from None


class _Elements:
    """The elements of a stretch of bytes, one after the other; none reaches beyond it.

    ``room`` counts the arrays that the whole variable may still have.
    """

    def __init__(self, data: memoryview, room: list[int] | None = None) -> None:
        self.data, self.at = data, 0
        self.room = [MOST_ARRAYS] if room is None else room

    def take(self, arrays: int) -> None:
        """Count arrays that follow; raises when there are too many."""
        self.room[0] -= arrays
        if self.room[0] < 0:
            raise _DamagedError(f"more than {MOST_ARRAYS} arrays in one variable")

    def more(self) -> bool:
        """Whether there is another element."""
        return self.at + 8 <= len(self.data)

    def next(self) -> tuple[int, memoryview]:
        """Type and content of the next element."""
        if not self.more():
            raise _DamagedError("it ends too early")
        kind, size = struct.unpack_from("<II", self.data, self.at)
        begin, end = self.at + 8, self.at + 8 + size
        if kind >> 16:  # up to four bytes are stored within the tag
            kind, size = kind & 0xFFFF, kind >> 16
            if size > 4:
                raise _DamagedError("a tag that is longer than it can be")
            begin, end = self.at + 4, self.at + 4 + size
            self.at += 8
        else:
            self.at = end if kind == COMPRESSED else end + -size % 8
        if end > len(self.data):
            raise _DamagedError("an element is longer than its surroundings")
        return kind, self.data[begin:end]

    def numbers(self) -> Any:
        """The next element as a flat array."""
        kind, content = self.next()
        code = _NUMBERS.get(kind)
        if code is None or len(content) % int(code[1]):
            raise _DamagedError(f"numbers of type {kind}")
        return np.frombuffer(content, np.dtype(f"<{code}"))

    def counts(self) -> list[int]:
        """The next element as a few whole numbers that are not negative."""
        values = self.numbers()
        if len(values) > _MOST_COUNTS:
            raise _DamagedError("more lengths than an array has")
        if values.dtype.kind not in "iu" or (values < 0).any():
            raise _DamagedError("lengths that are not whole numbers")
        return [int(value) for value in values]

    def text(self) -> str:
        """The next element as text."""
        kind, content = self.next()
        if kind not in _TEXT:
            raise _DamagedError(f"text of type {kind}")
        return bytes(content).decode(_TEXT[kind])


def _find(elements: _Elements, name: str) -> Any:
    while elements.more():
        kind, content = elements.next()
        if kind == COMPRESSED:
            inflated = zlib.decompressobj().decompress(content, MOST_BYTES)
            kind, content = _Elements(memoryview(inflated)).next()
        if kind == MATRIX:
            matrix = _Elements(content)
            kind_of, shape, label = _head(matrix)
            if label == name:
                return _body(matrix, kind_of, shape, 0)
    raise KeyError(name)


def _head(matrix: _Elements) -> tuple[int, tuple[int, ...], str]:
    """Class, shape and name of an array."""
    flags, shape = matrix.counts(), matrix.counts()
    if not flags or not 2 <= len(shape) <= 8:
        raise _DamagedError("an array without a shape")
    return flags[0] & 0xFF, tuple(shape), matrix.text()


def _body(matrix: _Elements, kind: int, shape: tuple[int, ...], depth: int) -> Any:
    count = math.prod(shape)
    if kind in NUMBERS:
        return matrix.numbers() if count else np.empty(0)
    if kind == CHAR:
        return matrix.text() if count else ""
    if depth > DEEPEST or count > len(matrix.data):
        raise _DamagedError("more cells than there is room for")
    if kind == CELL:
        matrix.take(count)
        return Cells(shape, [_array(matrix, depth) for _ in range(count)])
    if kind == STRUCT:
        width, names = matrix.counts(), matrix.text()
        if len(width) != 1 or not width[0] or len(names) % width[0]:
            raise _DamagedError("a struct without names")
        step = width[0]
        if len(names) > step * _MOST_FIELDS:
            raise _DamagedError("a struct of too many fields")
        fields = [names[k : k + step].rstrip("\0") for k in range(0, len(names), step)]
        matrix.take(count * len(fields))
        return Records(
            tuple(fields), [[_array(matrix, depth) for _ in fields] for _ in range(count)]
        )
    raise _DamagedError(f"arrays of class {kind} are not expected here")


def _array(matrix: _Elements, depth: int) -> Any:
    """An array within an array; an empty one may lack everything, even its class."""
    kind, content = matrix.next()
    if kind != MATRIX:
        raise _DamagedError(f"an element of type {kind} in place of an array")
    if not len(content):
        return np.empty(0)
    inner = _Elements(content, matrix.room)
    kind_of, shape, _ = _head(inner)
    return _body(inner, kind_of, shape, depth + 1)
