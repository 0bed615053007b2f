"""Packs of verification pairs: insightface's ``.bin``, read without running what is in it.

A pack is a pickle of ``(images, same)``: 2P encoded images in the order a1, b1, a2, b2, and P
truth values (insightface ``eval/verification.py``, ``load_bin``). A pickle can name any function
and have it called, so only stand-ins for the few that packs use are ever found, and they compute
nothing but bytes. The stream of instructions is checked first: one wrong byte in a length or in a
memo index would otherwise reserve gigabytes.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.align.decode import image_size
from harness.errors import DataError
from harness.protocols.readers.lists import Pair

FOLDS = 10
_LONGEST_TYPE = 16
TEMPLATE = "arcface"

_SAFE_OPS = frozenset(
    [
        *(
            "PROTO",
            "FRAME",
            "STOP",
            "MARK",
            "POP",
            "POP_MARK",
            "DUP",
            "NONE",
            "NEWTRUE",
            "NEWFALSE",
        ),
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "BYTEARRAY8"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
        *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "GLOBAL", "STACK_GLOBAL"),
        *("EMPTY_LIST", "LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2"),
        *("TUPLE3", "PUT", "BINPUT", "LONG_BINPUT", "GET", "BINGET", "LONG_BINGET", "MEMOIZE"),
        *("REDUCE", "BUILD"),
    ]
)
_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_BYTES = frozenset({"u1", "i1", "b1", "?", "uint8", "int8", "bool"})
_OBJECTS = frozenset({"O", "O8"})
_DAMAGE = (
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


@dataclass(frozen=True)
class PairPack:
    """P pairs of encoded images: ``images`` 2P bytes in pair order, ``genuine`` bool (P,)."""

    path: Path
    images: Sequence[bytes]
    genuine: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.genuine)

    @property
    def names(self) -> list[str]:
        """A name for every image: number of the pair from 1, and its side."""
        width = max(4, len(str(len(self))))
        return [f"{pair + 1:0{width}d}{side}" for pair in range(len(self)) for side in "ab"]

    def pairs(self) -> list[Pair]:
        """The pairs in ten runs of equal length, as insightface cuts them (no shuffling).

        Raises ``DataError`` when there are fewer than ten.
        """
        if len(self) < FOLDS:
            raise DataError(f"{self.path} holds {len(self)} pairs, too few for {FOLDS} folds")
        names, short, more = self.names, *divmod(len(self), FOLDS)
        fold = np.repeat(np.arange(FOLDS), [short + (k < more) for k in range(FOLDS)])
        return [
            Pair(names[2 * row], names[2 * row + 1], bool(self.genuine[row]), int(fold[row]))
            for row in range(len(self))
        ]

    def digests(self) -> dict[str, str]:
        """The SHA-256 of each image by name: a pack holds an image once for each pair."""
        return {
            name: sha256(data).hexdigest()
            for name, data in zip(self.names, self.images, strict=True)
        }

    def select(self, names: Sequence[str]) -> PackImages:
        """Some of the images, by name."""
        rows = {name: row for row, name in enumerate(self.names)}
        return PackImages(self.path, names, [self.images[rows[name]] for name in names])


class PackImages:
    """Implements :class:`harness.components.Images` on encoded images in memory.

    The images of a pack are aligned already: they follow the ``arcface`` template (112 x 112).
    """

    template: str | None = TEMPLATE
    subjects: NDArray[np.int64] | None = None

    def __init__(self, path: Path, names: Sequence[str], data: Sequence[bytes]) -> None:
        self.path, self.names, self._data = path, names, data
        self.landmarks: NDArray[np.float32] = np.full((len(names), 5, 2), np.nan, np.float32)
        self.boxes: NDArray[np.float32] = np.full((len(names), 4), np.nan, np.float32)

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int) -> bytes:
        """Encoded bytes of one image."""
        return self._data[index]


def read_pack(path: Path) -> PairPack:
    """Read a ``.bin`` of either Python, entries as bytes or as uint8 arrays, any number of pairs.

    Raises ``DataError`` when the file cannot be read, is damaged, names anything beside bytes,
    lists, truth values and numpy arrays, or holds an entry that is not a whole image.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; check the file") from None
    try:
        _check_stream(data)
        content = _Reader(data).load()
    except _DAMAGE as error:
        raise DataError(
            f"{path} is not a pack of pairs or is damaged ({type(error).__name__}: "
            f"{str(error)[:200]}); copy it again"
        ) from None
    return _pack(path, content)


def _pack(path: Path, content: Any) -> PairPack:
    parts = _plain(content)
    if not isinstance(parts, list | tuple) or len(parts) != 2:
        raise DataError(f"{path} should hold a list of images and a list of truth values")
    images, same = (_plain(part) for part in parts)
    if not isinstance(images, list | tuple) or not isinstance(
        same, list | tuple | bytes | bytearray
    ):
        raise DataError(f"{path} should hold a list of images and a list of truth values")
    if not len(same) or len(images) != 2 * len(same):
        raise DataError(f"{path} holds {len(images)} images for {len(same)} pairs, not two a pair")
    genuine = np.array([_truth(path, row, value) for row, value in enumerate(same)], np.bool_)
    copies: dict[int, bytes] = {}  # an image that the pickle holds once is copied once
    for row, value in enumerate(images):
        if id(value) not in copies:
            copies[id(value)] = _image(path, row, value)
    pack = PairPack(path, [copies[id(value)] for value in images], genuine)
    for name, image in zip(pack.names, pack.images, strict=True):
        image_size(image, f"{path}, image {name}")
    return pack


def _image(path: Path, row: int, value: Any) -> bytes:
    plain = _plain(value)
    if not isinstance(plain, bytes | bytearray):
        raise DataError(f"{path}, image {row + 1} is a {type(plain).__name__}, not encoded bytes")
    return bytes(plain)


def _truth(path: Path, row: int, value: Any) -> bool:
    plain = _plain(value)
    if isinstance(plain, bytes) and len(plain) == 1:
        plain = plain[0]
    if not isinstance(plain, int) or plain not in (0, 1):
        raise DataError(f"{path}, pair {row + 1} is marked neither true nor false")
    return bool(plain)


# -- the pickle --------------------------------------------------------------------------------


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


def _plain(value: Any) -> Any:
    """What an array held, everything else as it is."""
    return value.content if isinstance(value, _Array) else value
