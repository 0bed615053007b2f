"""Which files an ONNX network keeps its weights in, from the bytes of the file alone.

The ``onnx`` package would load the whole network; this scan of the Protocol Buffers fields that can
hold a tensor skips weights. Field numbers: ``onnx.proto`` of the ONNX project.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path

_Buffer = memoryview
_TREE: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
"""The messages inside each message that can lead to an entry of ``external_data``."""

_KEY, _VALUE = 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}


class _NotOnnxError(Exception):
    """The bytes are not a message of Protocol Buffers."""


def external_locations(path: Path) -> list[str]:
    """The ``location`` of every external tensor, sorted, each once; empty if it is not ONNX."""
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            return []
        with (
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole,
            memoryview(whole) as data,
        ):
            try:
                return sorted(set(_locations(data, "model")))
            except (_NotOnnxError, UnicodeDecodeError, RecursionError):
                return []  # ONNX Runtime reads the same bytes and refuses them by name


def _locations(data: _Buffer, message: str) -> Iterator[str]:
    inner = _TREE[message]
    for number, content in _fields(data):
        if content is None or number not in inner:
            continue
        if inner[number] != "entry":
            yield from _locations(content, inner[number])
            continue
        entry = {key: bytes(value).decode() for key, value in _fields(content) if value is not None}
        if entry.get(_KEY) == "location":
            yield entry.get(_VALUE, "")


def _fields(data: _Buffer) -> Iterator[tuple[int, _Buffer | None]]:
    """Number and bytes of every field; None for the bytes of one that is a number."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == _BYTES:
            size, at = _varint(data, at)
            if at + size > len(data):
                raise _NotOnnxError
            yield number, data[at : at + size]
            at += size
        elif kind == _VARINT:
            _, at = _varint(data, at)
        elif kind in _FIXED:
            at += _FIXED[kind]
        else:
            raise _NotOnnxError
    if at > len(data):
        raise _NotOnnxError


def _varint(data: _Buffer, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise _NotOnnxError
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
