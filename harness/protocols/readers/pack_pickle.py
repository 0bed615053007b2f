"""Pickles of pair packs, read without running what is in them.

A pickle can name any function and have it called, so only stand-ins for the few that packs use are
ever found, and they compute nothing but bytes. The stream of instructions is checked first: one
wrong byte in a length or in a memo index would otherwise reserve gigabytes.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Callable
from typing import Any

_LONGEST_TYPE = 16
_SAFE_OPS = frozenset({
    "PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "DUP", "NONE", "NEWTRUE", "NEWFALSE",
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "BYTEARRAY8",
    "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
    "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "GLOBAL", "STACK_GLOBAL",
    "EMPTY_LIST", "LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2",
    "TUPLE3", "PUT", "BINPUT", "LONG_BINPUT", "GET", "BINGET", "LONG_BINGET", "MEMOIZE",
    "REDUCE", "BUILD",
})  # fmt: skip
_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_BYTES = frozenset({"u1", "i1", "b1", "?", "uint8", "int8", "bool"})
_OBJECTS = frozenset({"O", "O8"})
DAMAGE = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What unpickling raises on a pickle that is damaged or asks for more than packs need."""


def load(data: bytes) -> Any:
    """The content of a pickle, arrays as stand-ins (:func:`plain`). Raises one of ``DAMAGE``."""
    _check_stream(data)
    return _Reader(data).load()


def plain(value: Any) -> Any:
    """What an array held, everything else as it is."""
    return value.content if isinstance(value, _Array) else value


def _check_stream(data: bytes) -> None:
    """Refuse instructions that packs do not need, and memo indices beyond their number."""
    for count, (op, arg, _) in enumerate(pickletools.genops(data)):
        if op.name not in _SAFE_OPS:
            raise pickle.UnpicklingError(f"instruction {op.name} is not allowed")
        if op.name in _PUTS and not (isinstance(arg, int) and 0 <= arg <= count):
            raise pickle.UnpicklingError(f"memo index {arg} is out of range")


class _Type:
    """Stands for ``numpy.dtype``; only one-byte types and lists of objects are told apart."""

    def __init__(self, name: Any, *_: Any) -> None:
        if not isinstance(name, str | bytes) or len(name) > _LONGEST_TYPE:
            raise pickle.UnpicklingError("a type without a name")
        self.name = _latin(name).decode("latin-1").lstrip("|")

    def __setstate__(self, state: Any) -> None:
        """Byte order and field names mean nothing for one-byte types."""


class _Array:
    """Stands for ``numpy.ndarray``: keeps what the array holds, makes none."""

    content: Any = b""

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, _, content = state
        self.content = _checked(content, kind, shape)


def _checked(content: Any, kind: Any, shape: Any) -> Any:
    """The content of an array, when it is one byte per entry or a list, and fits the shape."""
    if not isinstance(kind, _Type):
        raise pickle.UnpicklingError("an array without a type")
    if kind.name in _BYTES:
        fits = isinstance(content, bytes | bytearray)
    elif kind.name in _OBJECTS:
        fits = isinstance(content, list)
    else:
        raise pickle.UnpicklingError(f"arrays of type {kind.name} are not allowed, only uint8")
    if not isinstance(shape, tuple) or len(shape) > 4 or not all(type(n) is int for n in shape):
        raise pickle.UnpicklingError("an array whose shape is not a tuple of numbers")
    if not fits or len(content) != math.prod(shape):
        raise pickle.UnpicklingError("an array whose content does not fit its shape")
    return content


def _reconstruct(*_: Any) -> _Array:
    return _Array()


def _from_buffer(content: Any, kind: Any, shape: Any, _order: Any) -> _Array:
    """As protocol 5 stores arrays."""
    array = _Array()
    array.content = _checked(content, kind, shape)
    return array


def _scalar(kind: Any, content: Any = b"") -> int:
    """A numpy truth value or small integer."""
    if not isinstance(content, str | bytes) or len(content) != 1:
        raise pickle.UnpicklingError("a scalar that is not one byte")
    return int(_checked(_latin(content), kind, (1,))[0])


def _latin(text: Any) -> bytes:
    if isinstance(text, bytes):
        return text
    if not isinstance(text, str):
        raise pickle.UnpicklingError("text was expected")
    return text.encode("latin-1")


def _no_bytes() -> bytes:
    """``bytes()``; with an argument it could reserve any amount of memory."""
    return b""


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("builtins", "bytes"): _no_bytes,
    ("__builtin__", "bytes"): _no_bytes,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    **{
        (f"numpy.{core}.multiarray", name): stand_in
        for core in ("core", "_core")
        for name, stand_in in (("_reconstruct", _reconstruct), ("scalar", _scalar))
    },
    ("numpy.core.numeric", "_frombuffer"): _from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
}


class _Reader(pickle.Unpickler):
    """Finds nothing but the stand-ins, and makes no more bytes than the file has.

    A text in the memo could be encoded again and again, each time to other megabytes.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), encoding="bytes")
        self._room = len(data)

    def _encode(self, text: Any, _encoding: Any = "latin1") -> bytes:
        """``_codecs.encode``, by which Python 3 writes bytes in old protocols."""
        self._room -= len(text) if isinstance(text, str | bytes) else 0
        if self._room < 0:
            raise pickle.UnpicklingError("it unpacks to more bytes than the file has")
        return _latin(text)

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        """The stand-in for a name; anything else is refused."""
        if (module, name) == ("_codecs", "encode"):
            return self._encode
        found = _ALLOWED.get((module, name))
        if found is None:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not allowed")
        return found
