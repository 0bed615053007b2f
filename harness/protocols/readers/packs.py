"""Packs of verification pairs: insightface's ``.bin``, read without running what is in it.

A pack is a pickle of ``(images, same)``: 2P encoded images in the order a1, b1, a2, b2, and P
truth values (insightface ``eval/verification.py``, ``load_bin``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.align.decode import image_size
from harness.errors import DataError
from harness.protocols.readers import pack_pickle
from harness.protocols.readers.lists import Pair

FOLDS = 10
TEMPLATE = "arcface"


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
        content = pack_pickle.load(data)
    except pack_pickle.DAMAGE as error:
        raise DataError(
            f"{path} is not a pack of pairs or is damaged ({type(error).__name__}: "
            f"{str(error)[:200]}); copy it again"
        ) from None
    return _pack(path, content)


def _pack(path: Path, content: Any) -> PairPack:
    parts = pack_pickle.plain(content)
    if not isinstance(parts, list | tuple) or len(parts) != 2:
        raise DataError(f"{path} should hold a list of images and a list of truth values")
    images, same = (pack_pickle.plain(part) for part in parts)
    if not isinstance(images, list | tuple) or not isinstance(
        same, list | tuple | bytes | bytearray
    ):
        raise DataError(f"{path} should hold a list of images and a list of truth values")
    if not len(same) or len(images) != 2 * len(same):
        raise DataError(
            f"{path} holds {len(images)} images for {len(same)} pairs, not two per pair"
        )
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
    held = pack_pickle.plain(value)
    if not isinstance(held, bytes | bytearray):
        raise DataError(f"{path}, image {row + 1} is a {type(held).__name__}, not encoded bytes")
    return bytes(held)


def _truth(path: Path, row: int, value: Any) -> bool:
    held = pack_pickle.plain(value)
    if isinstance(held, bytes) and len(held) == 1:
        held = held[0]
    if not isinstance(held, int) or held not in (0, 1):
        raise DataError(f"{path}, pair {row + 1} is marked neither true nor false")
    return bool(held)
