"""LMDB training sets read in place: the layout of SOTA-FR's ``imagelist2lmdb.py`` and Vec2Face.

Keys are the numbers of the images in decimal digits, values are msgpack lists with the encoded
image first and the label behind it (HSFace, VFace), or behind a feature (Vec2Face's own training
sets). ``__len__``, ``__keys__`` and ``__classnum__`` state how many there must be. Nothing is ever
unpickled, and features are not opened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.files import is_hidden_path, walk
from harness.plugin.sources import SourceImage

from .lmdb_pages import LmdbFile
from .zips import MOST_BYTES

DATA = "data.mdb"
SUFFIX = ".lmdb"
_STATED = (b"__len__", b"__keys__", b"__classnum__")
_NUMBER = re.compile(rb"0|[1-9][0-9]{0,17}")
_PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_ELEMENTS = 16


class LmdbRows:
    """Images of an LMDB file in the order of ``__keys__``; ``index`` is of :func:`index_lmdb`.

    ``codes`` int64 (rows,) say which of ``names`` each row is. With ``mask``, int64 (rows,), only
    those rows are there, in its order.
    """

    def __init__(
        self, path: Path, index: Mapping[str, Any], mask: NDArray[np.int64] | None = None
    ) -> None:
        self._file = LmdbFile(path)
        self.notes: Sequence[str] = index["notes"]
        self._keys: NDArray[np.int64] = index["keys"]
        self._spans: NDArray[np.int64] = index["spans"]
        labels: NDArray[np.int64] = index["labels"]
        self._rows = np.arange(len(labels)) if mask is None else mask
        numbers, codes = np.unique(labels[self._rows], return_inverse=True)
        self.names: Sequence[str] = [str(number) for number in numbers]
        self.codes: NDArray[np.int64] = codes.astype(np.int64)

    def read(self, row: int) -> SourceImage:
        """One image; raises ``DataError`` naming the file and the key."""
        at = int(self._rows[row])
        name = f"{self._file.path.name} key {self._keys[at]}"
        offset, size = (int(number) for number in self._spans[at])
        return SourceImage(_elements(self._file.value(offset, size), name)[0], name)


def find_database(root: Path, named: str | None) -> Path:
    """The file of a database: ``root``, ``named`` below it, or the only one in it.

    Raises ``DataError`` where there is none or a choice.
    """
    if named is not None:
        path = root / named
        if is_hidden_path(named) or ".." in Path(named).parts or not path.exists():
            raise DataError(f"{root} holds no {named}; set database to a file or folder in it")
        return path / DATA if path.is_dir() else path
    if root.is_file():
        return root
    here = next(walk(root, deep=False))
    if DATA in here.files:
        return root / DATA
    found = [name for name in here.files if name.endswith(SUFFIX)]
    found += [
        path.name
        for path in sorted(root.glob(f"*{SUFFIX}"))
        if path.name not in here.hidden and (path / DATA).is_file()
    ]
    if len(found) != 1:
        raise DataError(
            f"{root} should hold {DATA} or one {SUFFIX} file or folder, found "
            f"{', '.join(found) or 'none'}; set database=NAME"
        )
    return find_database(root, found[0])


def index_lmdb(path: Path, label_at: int | None) -> dict[str, Any]:
    """Where every image is and whose it is, in the order of ``__keys__``.

    ``keys`` and ``labels`` int64 (rows,), ``spans`` int64 (rows, 2) offset and size of the values,
    ``notes`` what the reader of a result must know. ``label_at`` is the place of the label in a
    value; the only whole number of each value if None.
    """
    file = LmdbFile(path)
    keys, labels, spans = (np.empty(shape, np.int64) for shape in (len(file), len(file),
                                                                   (len(file), 2)))  # fmt: skip
    stated: dict[bytes, bytes] = {}
    count = 0
    for key, offset, size in file.spans():
        if key in _STATED:
            stated[key] = file.value(offset, size)
            continue
        where = f"{path}, key {key[:40].decode('ascii', 'backslashreplace')}"
        if not _NUMBER.fullmatch(key):
            raise DataError(f"{where}: keys are the numbers of images, from 0 in decimal digits")
        if size > MOST_BYTES:
            raise DataError(f"{where}: {size} bytes are too many for an image of a face")
        elements = _elements(file.value(offset, size), where)
        label_at = _label_place(elements, where) if label_at is None else label_at
        labels[count] = _label(elements, label_at, where)
        keys[count], spans[count] = int(key), (offset, size)
        count += 1
    if not count:
        raise DataError(f"{path} holds no image")
    keys, labels, spans = keys[:count], labels[:count], spans[:count]
    order = _order(path, keys, stated.get(b"__keys__"))
    notes = _against_stated(path, labels, stated)
    return {"keys": keys[order], "labels": labels[order], "spans": spans[order], "notes": notes}


def read_mask(path: Path, rows: int) -> NDArray[np.int64]:
    """Indices of the images to use, int64 (N,), of a ``.npy`` file that is never unpickled.

    Raises ``DataError`` for anything but distinct whole numbers from 0 to ``rows`` - 1.
    """
    try:
        # Mapped, so that a header cannot announce more than the file has.
        found: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, TypeError, EOFError, SyntaxError, MemoryError, OverflowError,
            RecursionError) as error:  # fmt: skip
        pickled = any(word in str(error) for word in ("pickle", "Python objects"))
        what = "a Python pickle, which could run code" if pickled else "not a readable .npy file"
        raise DataError(
            f"the mask {path} is {what}; give a .npy file of whole numbers, the indices of images"
        ) from None
    if not isinstance(found, np.ndarray) or found.ndim != 1 or found.dtype.kind not in "iu":
        kind = f"{found.dtype} {found.shape}" if isinstance(found, np.ndarray) else "an archive"
        raise DataError(f"the mask {path} is {kind}; it should be a row of whole numbers")
    if not len(found):
        raise DataError(f"the mask {path} is empty; it should hold the indices of images")
    if found.min() < 0 or found.max() >= rows:
        wrong = found.min() if found.min() < 0 else found.max()
        raise DataError(
            f"the mask {path} names image {wrong}, the database holds 0 to {rows - 1}; the mask is "
            "of another database"
        )
    mask = found.astype(np.int64)
    values, counts = np.unique(mask, return_counts=True)
    if (counts > 1).any():
        raise DataError(f"the mask {path} names image {values[counts > 1][0]} more than once")
    return mask


def _elements(value: bytes, where: str) -> list[Any]:
    """A value as a list whose first element is an encoded image."""
    if value.startswith(_PICKLE):
        raise DataError(
            f"{where}: the value is a Python pickle, which could run code and is not read; write "
            "the set again with msgpack"
        )
    elements = _unpacked(value, where)
    if not isinstance(elements, list) or not 2 <= len(elements) <= _ELEMENTS:
        raise DataError(f"{where}: the value is not a list of an image and its label")
    if not isinstance(elements[0], bytes):
        raise DataError(f"{where}: the value does not begin with an encoded image")
    return elements


def _unpacked(value: bytes, where: str) -> Any:
    import msgpack

    try:
        # raw: old versions of msgpack wrote bytes as text.
        return msgpack.unpackb(value, raw=True, strict_map_key=False)
    except (ValueError, TypeError, OverflowError, MemoryError, RecursionError,
            msgpack.UnpackException) as error:  # fmt: skip
        reason = str(error) or type(error).__name__
        raise DataError(f"{where}: the value is not msgpack ({reason[:200]})") from None


def _label_place(elements: Sequence[Any], where: str) -> int:
    found = [at for at, item in enumerate(elements) if type(item) is int]
    if len(found) != 1:
        raise DataError(
            f"{where}: {len(found) or 'none'} of {len(elements)} elements is a whole number, one "
            "should be the label; set label_position"
        )
    return found[0]


def _label(elements: Sequence[Any], at: int, where: str) -> int:
    label = elements[at] if at < len(elements) else None
    if type(label) is not int or not 0 <= label < 1 << 53:
        shown = f"{len(label)} bytes" if isinstance(label, bytes) else f"{label!r}"[:40]
        raise DataError(f"{where}: element {at} is {shown}, not a label from 0; set label_position")
    return label


def _order(path: Path, keys: NDArray[np.int64], stated: bytes | None) -> NDArray[np.intp]:
    """The rows in the order of ``__keys__``, whose indices masks use; by number without it."""
    if stated is None:
        return np.argsort(keys)
    listed = _listed(path, stated, len(keys))
    sorted_rows = np.argsort(keys)
    places = np.searchsorted(keys[sorted_rows], listed).clip(max=len(keys) - 1)
    rows: NDArray[np.intp] = sorted_rows[places]
    if (keys[rows] != listed).any():
        raise DataError(
            f"{path}: __keys__ names {listed[keys[rows] != listed][0]}, which is not there; copy "
            "the file again"
        )
    if len(np.unique(rows)) != len(keys):
        raise DataError(f"{path}: __keys__ names an image twice; write the set again")
    return rows


def _listed(path: Path, stated: bytes, count: int) -> NDArray[np.int64]:
    """The keys that ``__keys__`` lists; one after the other, there may be millions."""
    import msgpack

    numbers = np.empty(count, np.int64)
    try:
        unpacker = msgpack.Unpacker(raw=True, max_buffer_size=0)
        unpacker.feed(stated)
        listed = unpacker.read_array_header()
        if listed != count:
            raise DataError(f"{path} holds {count} images and lists {listed}; copy the file again")
        for row in range(count):
            key = unpacker.unpack()
            if not isinstance(key, bytes) or not _NUMBER.fullmatch(key):
                raise DataError(f"{path}: entry {row} of __keys__ is not the number of an image")
            numbers[row] = int(key)
    except (ValueError, TypeError, OverflowError, MemoryError, msgpack.UnpackException):
        raise DataError(f"{path}: __keys__ is not a list in msgpack; copy the file again") from None
    return numbers


def _against_stated(
    path: Path, labels: NDArray[np.int64], stated: Mapping[bytes, bytes]
) -> list[str]:
    """Compare the images with ``__len__`` and ``__classnum__``; notes of what is only unusual."""
    found: dict[bytes, int] = {}
    for key in (b"__len__", b"__classnum__"):
        if key in stated:
            value = _unpacked(stated[key], f"{path}, key {key.decode()}")
            if type(value) is not int:
                raise DataError(f"{path}: {key.decode()} is not a whole number; copy it again")
            found[key] = value
    length = found.get(b"__len__", len(labels))
    if length != len(labels):
        raise DataError(f"{path} holds {len(labels)} images and states {length}; copy it again")
    classes, identities = found.get(b"__classnum__"), len(np.unique(labels))
    if len(labels) > 1 and identities in (1, len(labels)):
        what = "the same label" if identities == 1 else "a label of its own"
        raise DataError(
            f"{path}: each of {len(labels)} images has {what}, which cannot be an identity; set "
            "label_position"
        )
    if classes is not None and labels.max() >= classes:
        raise DataError(
            f"{path} has label {labels.max()} and states {classes} identities, counted from 0; "
            "copy it again, or set label_position"
        )
    if classes is not None and identities < classes:
        return [f"{path.name} states {classes} identities and has images of {identities}"]
    return []
