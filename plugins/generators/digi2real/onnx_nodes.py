"""The first operators of an ONNX file, read from its bytes.

ONNX Runtime does not tell the operators of a network, and they decide how ArcFace wants its input.
The file is a protobuf: fields are a number and a wire type, then a varint, four or eight bytes, or
a length with this many bytes. ``ModelProto.graph`` is field 7, ``GraphProto.node`` field 1, and of
a node ``name`` is field 3 and ``op_type`` field 4.
"""

from __future__ import annotations

import mmap
from itertools import islice
from typing import TYPE_CHECKING

from harness.plugin import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GRAPH, _NODE, _NAME, _OPERATOR = 7, 1, 3, 4
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5


def first_nodes(path: Path, count: int) -> list[tuple[str, str]]:
    """Name and operator of the first ``count`` nodes; raises DataError if it is not ONNX."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for number, first, last in _fields(data, 0, len(data)):
                if number == _GRAPH:
                    nodes = (span for n, *span in _fields(data, first, last) if n == _NODE)
                    return [_node(data, *span) for span in islice(nodes, count)]
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f"{path} cannot be read as an ONNX network: {error}") from None
    raise DataError(f"{path} is not an ONNX network: it holds no graph")


def normalises_inside(path: Path) -> bool:
    """Whether the network scales pixels itself: a subtraction and a product among the first eight.

    The rule of insightface, which knows ``Sub`` and ``Mul`` by operator name and the names that
    MXNet gave them, ``_minus`` and ``_mul``.
    """
    names = [name for node in first_nodes(path, 8) for name in node]
    return any(name.startswith(("Sub", "_minus")) for name in names) and any(
        name.startswith(("Mul", "_mul")) for name in names
    )


def _node(data: mmap.mmap, first: int, last: int) -> tuple[str, str]:
    texts = {number: data[a:b].decode() for number, a, b in _fields(data, first, last)
             if number in (_NAME, _OPERATOR)}  # fmt: skip
    return texts.get(_NAME, ""), texts.get(_OPERATOR, "")


def _fields(data: mmap.mmap, place: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, first and last byte of every field that has a length."""
    while place < end:
        tag, place = _varint(data, place)
        kind = tag & 7
        if kind == _BYTES:
            length, place = _varint(data, place)
            if length > end - place:
                raise ValueError("a field is longer than the file")
            yield tag >> 3, place, place + length
            place += length
        elif kind == _VARINT:
            _, place = _varint(data, place)
        elif kind in (_EIGHT, _FOUR):
            place += 8 if kind == _EIGHT else 4
        else:
            raise ValueError(f"wire type {kind} is unknown")


def _varint(data: mmap.mmap, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")
