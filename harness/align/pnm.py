"""Portable bitmaps, greymaps and pixmaps (P1 to P6), with their stated maximum honoured.

OpenCV takes samples as they are, so a file of ``maxval`` 100 came out dark. Format: Netpbm,
"pbm", "pgm" and "ppm".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Possessive groups: a megabyte of comments is read once, not once for each way to split it.
_HEADER = re.compile(rb"P([1-6])" + rb"(?:[ \t-\r]|#[^\r\n]*+[\r\n])++([0-9]{1,9})" * 3)
_BITMAP_HEADER = re.compile(rb"P([14])" + rb"(?:[ \t-\r]|#[^\r\n]*+[\r\n])++([0-9]{1,9})" * 2)
_COMMENT = re.compile(rb"#[^\r\n]*+")
_WORD_BYTES = 5
"""Digits of the largest sample, 65535."""


@dataclass(frozen=True)
class Pnm:
    """Size, samples per pixel, largest sample, and where the samples begin."""

    kind: int
    width: int
    height: int
    maxval: int
    start: int

    @property
    def channels(self) -> int:
        """Samples per pixel."""
        return 3 if self.kind in (3, 6) else 1

    @property
    def row_bytes(self) -> int:
        """Bytes of a row; of a text, the fewest that can hold it."""
        samples = self.width * self.channels
        if self.kind == 4:
            return (samples + 7) // 8
        if self.kind == 1:
            return samples
        deep = 2 if self.maxval > 255 or self.kind in (2, 3) else 1
        return samples * deep


def read_header(data: bytes) -> Pnm | None:
    """The header, or None when it is damaged or the samples do not all follow it."""
    bitmap = data[1:2] in b"14"
    found = (_BITMAP_HEADER if bitmap else _HEADER).match(data)
    if not found:
        return None
    kind, width, height = (int(group) for group in found.groups()[:3])
    maxval = 1 if bitmap else int(found[4])
    header = Pnm(kind, width, height, maxval, found.end() + 1)
    if not 1 <= maxval <= 65535 or not data[found.end() : header.start].isspace():
        return None
    # The last number of a text needs no space after it.
    room = len(data) - header.start + (kind in (2, 3))
    return header if room >= header.row_bytes * height else None


def decode_pnm(data: bytes) -> NDArray[np.uint8] | None:
    """uint8 RGB (H, W, 3), or None when samples are missing, or larger than the header allows.

    Samples are scaled so that ``maxval`` becomes 255, to the nearest number. Those of 16 bits
    (``maxval`` 65535) keep their high byte, as samples of a 16-bit PNG do.
    """
    header = read_header(data)
    if header is None:
        return None
    samples = _bits(data, header) if header.kind in (1, 4) else _samples(data, header)
    if samples is None or samples.size != header.height * header.width * header.channels:
        return None
    if int(samples.max(initial=0)) > header.maxval:
        return None
    image = _scaled(samples, header.maxval).reshape(header.height, header.width, -1)
    return image if header.channels == 3 else np.repeat(image, 3, axis=2)


def _scaled(samples: NDArray[np.uint8 | np.uint16], maxval: int) -> NDArray[np.uint8]:
    if maxval == 255:
        return samples.astype(np.uint8)
    values = np.arange(maxval + 1, dtype=np.int64)
    table = values >> 8 if maxval == 65535 else (values * 255 + maxval // 2) // maxval
    return table.astype(np.uint8)[samples]


def _samples(data: bytes, header: Pnm) -> NDArray[np.uint8 | np.uint16] | None:
    """Samples of a grey or colour image."""
    count = header.height * header.width * header.channels
    if header.kind > 3:
        dtype = np.dtype(">u2") if header.maxval > 255 else np.dtype(np.uint8)
        return np.frombuffer(data, dtype, count, header.start)
    words = _COMMENT.sub(b" ", data[header.start :]).split()
    if max(map(len, words), default=0) > _WORD_BYTES or not all(map(bytes.isdigit, words)):
        return None
    values = np.fromiter(map(int, words), np.int64, len(words))
    if int(values.max(initial=0)) > header.maxval:
        return None
    return values.astype(np.uint16)


def _bits(data: bytes, header: Pnm) -> NDArray[np.uint8] | None:
    """Samples of a bitmap, where a set bit is black."""
    if header.kind == 4:
        packed = np.frombuffer(data, np.uint8, header.row_bytes * header.height, header.start)
        rows = np.unpackbits(packed.reshape(header.height, -1), axis=1, count=header.width)
        return 1 - rows
    text = b"".join(_COMMENT.sub(b" ", data[header.start :]).split())  # spaces may be left out
    bits = np.frombuffer(text, np.uint8) - np.uint8(ord("0"))
    return 1 - bits if int(bits.max(initial=0)) <= 1 else None
