"""LMDB files read in place: where the value of every key is, found without the C library.

The library trusts a file: a damaged page number or length ends the process (SIGSEGV, SIGBUS), and a
downloaded file can be damaged. Here every number of a page is compared with the file first.
The layout is that of ``mdb.c`` of LMDB 0.9 (format 1, little-endian, 64 bits): pages of one size,
two of them ``meta`` (the newer transaction counts), a B+ tree of branch and leaf pages, and runs of
overflow pages for values that do not fit beside others.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError

_PAGE = struct.Struct("<QHHHH")  # number, padding, flags, lower, upper
_META = struct.Struct("<IIQQ")  # magic, format, address, size of the map
_TREE = struct.Struct("<IHHQQQQQ")  # padding, flags, depth, branch, leaf, overflow, entries, root
_TAIL = struct.Struct("<QQ")  # last page, transaction
_NODE = struct.Struct("<HHHH")  # low and high half of a size, flags, size of the key
_PAGE_NUMBER = struct.Struct("<Q")
_MAGIC, _FORMAT = 0xBEEFC0DE, 1
_BRANCH, _LEAF, _OVERFLOW, _META_PAGE = 1, 2, 4, 8
_BIG, _SUB_TREE, _DUPLICATES = 1, 2, 4
_NO_ROOT = (1 << 64) - 1
_DEEPEST = 32
_PAGE_SIZES = frozenset(1 << n for n in range(9, 17))
_TWO_HALVES = 16


@dataclass(frozen=True)
class _Root:
    """What a meta page says of the tree of the unnamed database."""

    page: int
    depth: int
    entries: int
    page_bytes: int
    transaction: int


class LmdbFile:
    """The unnamed database of a file, memory-mapped and read-only; no lock file is made.

    Every damage is a ``DataError`` that names the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise DataError(f"cannot read {path}: {error}; check the file") from None
        self._root = self._newest()
        self._bytes = self._root.page_bytes

    def __len__(self) -> int:
        """Number of keys, as the file states it."""
        return self._root.entries

    def value(self, offset: int, size: int) -> bytes:
        """The bytes of a value by its place; those of a file that was cut since are an error."""
        data = self._map[offset : offset + size]
        if len(data) != size:
            raise self._damage(f"cut short at offset {offset}")
        return data

    def spans(self) -> Iterator[tuple[bytes, int, int]]:
        """Key, offset and size of every value, in the order of the keys as bytes."""
        room, found, before = len(self._map), 0, b""
        for key, offset, size in self._walk():
            # Values that share pages: a small file could stand for terabytes.
            room -= size
            if room < 0:
                raise self._damage("values of its keys share bytes")
            if found and key <= before:
                raise self._damage(f"key {key[:40]!r} is out of order")
            found, before = found + 1, key
            yield key, offset, size
        if found != len(self):
            raise self._damage(f"it states {len(self)} keys and holds {found}")

    def _walk(self) -> Iterator[tuple[bytes, int, int]]:
        if self._root.page == _NO_ROOT:
            return
        seen: NDArray[np.bool_] = np.zeros(len(self._map) // self._bytes, np.bool_)
        pending = [(self._root.page, self._root.depth)]
        while pending:
            number, level = pending.pop()
            nodes, is_leaf = self._nodes(number, seen)
            if is_leaf != (level == 1):
                raise self._damage(f"page {number} is at another depth than the tree has")
            if is_leaf:
                yield from (self._leaf(number, at) for at in nodes)
            else:
                pending += [(self._child(at), level - 1) for at in reversed(nodes)]

    def _nodes(self, number: int, seen: NDArray[np.bool_]) -> tuple[list[int], bool]:
        """Offsets of the nodes of a page, and whether it is a leaf."""
        if number >= len(seen) or seen[number]:
            what = "twice in the tree" if number < len(seen) else "behind the end of the file"
            raise self._damage(f"page {number} is {what}")
        seen[number] = True
        begin = number * self._bytes
        own, _, flags, lower, upper = _PAGE.unpack_from(self._map, begin)
        if own != number or flags & 0xF not in (_BRANCH, _LEAF):
            raise self._damage(f"page {number} is not one of the tree")
        if not _PAGE.size <= lower <= upper <= self._bytes or lower % 2:
            raise self._damage(f"page {number} has impossible limits")
        count = (lower - _PAGE.size) // 2
        starts = struct.unpack_from(f"<{count}H", self._map, begin + _PAGE.size)
        if any(not upper <= start <= self._bytes - _NODE.size for start in starts):
            raise self._damage(f"page {number} has an entry outside of it")
        return [begin + start for start in starts], bool(flags & _LEAF)

    def _child(self, at: int) -> int:
        low, high, more, _ = _NODE.unpack_from(self._map, at)
        return int(low | high << _TWO_HALVES | more << 2 * _TWO_HALVES)

    def _leaf(self, number: int, at: int) -> tuple[bytes, int, int]:
        """Key, and place and size of its value."""
        low, high, flags, key_bytes = _NODE.unpack_from(self._map, at)
        size, begin = low | high << _TWO_HALVES, at + _NODE.size + key_bytes
        end = (number + 1) * self._bytes
        if flags & (_SUB_TREE | _DUPLICATES):
            raise DataError(
                f"{self.path} holds named databases or several values of a key, which is not "
                "the layout of a training set"
            )
        if begin + (_PAGE_NUMBER.size if flags & _BIG else size) > end:
            raise self._damage(f"an entry of page {number} runs over its end")
        key = self._map[at + _NODE.size : begin]
        if flags & _BIG:
            (first,) = _PAGE_NUMBER.unpack_from(self._map, begin)
            begin = self._overflow(first, size)
        return key, begin, size

    def _overflow(self, first: int, size: int) -> int:
        """Where a value begins that has pages of its own."""
        begin = first * self._bytes
        if begin + _PAGE.size + size > len(self._map):
            raise self._damage(f"a value of {size} bytes at page {first} runs over its end")
        own, _, flags, *_ = _PAGE.unpack_from(self._map, begin)
        if own != first or not flags & _OVERFLOW:
            raise self._damage(f"page {first} is not one of a large value")
        return begin + _PAGE.size

    def _newest(self) -> _Root:
        """The root by the meta page of the last transaction that was finished."""
        first = self._meta(0)
        second = self._meta(first.page_bytes)
        root = max(first, second, key=lambda meta: meta.transaction)
        if not 0 <= root.depth <= _DEEPEST or (root.page == _NO_ROOT) != (root.entries == 0):
            raise self._damage("its root is impossible")
        if root.entries > len(self._map):
            raise self._damage(f"it states {root.entries} keys")
        return root

    def _meta(self, begin: int) -> _Root:
        at = begin + _PAGE.size
        if at + _META.size + 2 * _TREE.size + _TAIL.size > len(self._map):
            raise self._damage("it ends before its tree begins")
        flags = _PAGE.unpack_from(self._map, begin)[2]
        magic, version, *_ = _META.unpack_from(self._map, at)
        if not flags & _META_PAGE or magic != _MAGIC:
            raise DataError(
                f"{self.path} is not an LMDB database of a 64-bit little-endian machine; "
                "give data.mdb, or the .lmdb file"
            )
        if version & 0xFFFF != _FORMAT:
            raise DataError(
                f"{self.path} is an LMDB database of format {version & 0xFFFF}, only 1 (LMDB 0.9) "
                "is read; write it again with lmdb 0.9"
            )
        free = _TREE.unpack_from(self._map, at + _META.size)
        tree = _TREE.unpack_from(self._map, at + _META.size + _TREE.size)
        _, transaction = _TAIL.unpack_from(self._map, at + _META.size + 2 * _TREE.size)
        if free[0] not in _PAGE_SIZES:  # the page size is kept where the free list has padding
            raise self._damage(f"its pages have {free[0]} bytes")
        return _Root(tree[7], tree[2], tree[6], free[0], transaction)

    def _damage(self, what: str) -> DataError:
        return DataError(f"{self.path} is damaged: {what}; copy the file again")
