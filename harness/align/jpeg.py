"""JPEG files: what their segments say, and their pixels, strictly.

OpenCV fills what is damaged and prints a warning, so pixels come from simplejpeg, which makes every
warning of libjpeg-turbo an error and gives OpenCV's pixels bit for bit.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import simplejpeg

from harness.errors import DataError, LimitError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_END, _SCAN = b"\xff\xd9", b"\xff\xda"
_TABLES, _SEQUENTIAL, _PROGRESSIVE = 0xC4, (0xC0, 0xC1), (0xC2, 0xC6, 0xCA, 0xCE)
_SCAN_BYTES = 10  # of the shortest scan header
_JFIF_MAJOR = 11  # where a JFIF header states its major version
_HOLE = bytes(64)


def decode_jpeg(data: bytes, name: str, pixels: int, most: int) -> NDArray[np.uint8]:
    """The pixels, uint8 RGB, of a JPEG of this many ``pixels``; ``most`` bounds scans times pixels.

    Raises DataError for damage, even where libjpeg would only warn, and LimitError for scans.
    """
    try:
        frame = read_frame(data)
        _check_scans(data, frame, name, pixels, most)
        return _strict(data)
    except (ValueError, IndexError) as error:
        reason = str(error)
    if "subsampling" in reason:
        raise DataError(
            f"{name}: a JPEG of unusual subsampling cannot be checked; save it again with 4:2:0"
        )
    raise DataError(f"{name}: the JPEG image is damaged ({reason}); copy the file again")


def _check_scans(data: bytes, frame: Frame, name: str, pixels: int, most: int) -> None:
    if frame.progressive or len(data) // _SCAN_BYTES * pixels > most:
        scans, whole = count_scans(data, frame)
        if scans * pixels > most:
            raise LimitError(
                f"{name}: {scans} scans of {pixels} pixels are too many; save the image again as a "
                "JPEG that is not progressive"
            )
        if not whole:
            raise ValueError("it lacks scans that refine it")
    if _has_hole(data, frame):
        raise ValueError("it has a hole of zeros")


def _strict(data: bytes) -> NDArray[np.uint8]:
    """The pixels; raises ValueError wherever libjpeg-turbo would warn about them."""
    try:
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, "RGB", strict=True)
    except ValueError as error:
        if "JFIF revision" not in str(error):
            raise
        # The one warning that is not about pixels; it would hide all later ones.
        data = data[:_JFIF_MAJOR] + b"\1" + data[_JFIF_MAJOR + 1 :]
        pixels = simplejpeg.decode_jpeg(data, "RGB", strict=True)
    return pixels


@dataclass(frozen=True)
class Frame:
    """What the segments before the first scan of a JPEG say, and where that scan begins.

    ``zeros`` are the symbols that zero bits stand for in its Huffman tables of frequencies.
    """

    size: tuple[int, int] | None
    components: int
    marker: int
    zeros: tuple[int, ...]
    scan: int

    @property
    def progressive(self) -> bool:
        """Whether scans refine each other."""
        return self.marker in _PROGRESSIVE


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Size of a JPEG that has its end marker after the first scan, else None.

    Inside a scan 0xFF is always escaped: no end marker can appear there by chance.
    """
    frame = read_frame(data)
    return frame.size if data.rfind(_END, frame.scan) > 0 else None


def read_frame(data: bytes) -> Frame:
    """Step over the segments before the scan: an embedded thumbnail has an end marker too."""
    at, size, components, kind = 2, None, 0, 0
    zeros: list[int] = []
    while True:
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        (length,) = struct.unpack_from(">H", data, at + 1)
        if marker in _FRAMES:
            height, width, components = struct.unpack_from(">HHB", data, at + 4)
            size, kind = (width, height), marker
        elif marker == _TABLES:
            zeros += _first_symbols(data[at + 3 : at + 1 + length])
        elif marker == _SCAN[1]:
            return Frame(size, components, kind, tuple(zeros), at - 1)
        at += 1 + length
        if data[at] != 0xFF:
            raise ValueError("no marker")


def _first_symbols(tables: bytes) -> Iterator[int]:
    """Of each Huffman table of frequencies (AC), the symbol whose code is all zeros."""
    while len(tables) > 17:
        if tables[0] >> 4:
            yield tables[17]
        tables = tables[17 + sum(tables[1:17]) :]


def _has_hole(data: bytes, frame: Frame) -> bool:
    """Whether a stretch of the scan was never written: zeros that no encoder makes.

    Zero bits are valid codes, so libjpeg may take them for a picture. They can be meant where they
    stand for the end of a block, as in a flat image with tables of its own; a table where they do
    not makes 63 equal coefficients of them, in at least one block of those that take turns.
    """
    sequential = frame.marker in _SEQUENTIAL and data[frame.scan + 4] == frame.components
    if not sequential or not any(symbol & 15 for symbol in frame.zeros):
        return False
    return data.find(_HOLE, frame.scan, data.find(_END, frame.scan)) >= 0


def count_scans(data: bytes, frame: Frame) -> tuple[int, bool]:
    """Number of scans of a JPEG, and whether they bring all bits of a progressive one.

    Every scan is a pass over all pixels, however few bytes it has. A progressive file that lost its
    last scans and got an end marker is valid to libjpeg, and only coarser than it was.
    """
    scans = list(_scans(data, frame.scan))
    if not frame.progressive:
        return len(scans), True
    missing: dict[tuple[int, int], int] = {}  # lowest bit read of a component and frequency
    for at in scans:
        band = at + 5 + 2 * data[at + 4]  # behind the components of the scan
        first, last, bits = data[band : band + 3]
        for component in data[at + 5 : band : 2]:
            for frequency in range(first, min(last, 63) + 1):
                missing[component, frequency] = bits & 15
    return len(scans), len(missing) == 64 * frame.components and not any(missing.values())


def _scans(data: bytes, first: int) -> Iterator[int]:
    """Where the scans of the image begin; those of other images after its end are left out."""
    end = data.find(_END, first)
    at = first
    while 0 <= at < end:
        if len(data) < at + 8 + 2 * data[at + 4]:
            raise ValueError("a scan header is cut short")
        yield at
        at = data.find(_SCAN, at + 2, end)
