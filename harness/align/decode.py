"""Encoded images to pixels, with damaged files found instead of filled.

Decoders disagree about damage: some fill what is missing with grey and only print a warning. So a
file is checked for its end before it is decoded. Orientation tags (EXIF) are ignored: lists of
landmarks, boxes and pairs count pixels as they are stored.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import cv2
import numpy as np

from harness.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The reason stands in the DataError; OpenCV would print it a second time, without the file name.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

MAX_SIDE_PX = 32766
"""The warp counts source pixels in signed 16-bit numbers."""
MAX_PIXELS_PER_BYTE = 10_000
"""More than a PNG of one bit a pixel or a JPEG of flat blocks reaches; a header that claims more is
damaged, and reserving its gigabytes would take seconds. A flat WebP may be smaller than that."""

_FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def decode(data: bytes, name: str) -> NDArray[np.uint8]:
    """Decode a JPEG, PNG, WebP, BMP or PNM file to uint8 RGB (H, W, 3).

    Grey and palette images become RGB, 16-bit samples keep their high byte, CMYK is converted, an
    alpha channel is dropped. Raises DataError naming the file when it is empty, cut short, damaged
    or of another format.
    """
    image_size(data, name)
    try:
        image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), _FLAGS)
    except cv2.error:
        image = None
    if image is None:
        raise DataError(f"{name}: the {_format(data)} image is damaged and cannot be decoded")
    if image.dtype != np.uint8 or image.ndim != 3:
        raise DataError(f"{name}: pixels of type {image.dtype} are not supported, convert to 8 bit")
    return np.asarray(image, dtype=np.uint8)


def image_size(data: bytes, name: str) -> tuple[int, int]:
    """Width and height in stored pixels, from the header; the file is checked for its end.

    Raises DataError as :func:`decode` does, except for damage inside the pixel data.
    """
    if not data:
        raise DataError(f"{name}: the file is empty")
    form = _format(data)
    if not form:
        raise DataError(f"{name}: this is not a JPEG, PNG, WebP, BMP or PNM image")
    try:
        size = _HEADERS[form](data)
    except (struct.error, IndexError, ValueError):
        size = None
    if size is None:
        raise DataError(f"{name}: the {form} file is cut short or damaged; copy it again")
    if not 1 <= min(size) <= max(size) <= MAX_SIDE_PX:
        raise DataError(
            f"{name}: an image of {size[0]}x{size[1]} is outside 1..{MAX_SIDE_PX} pixels a side"
        )
    if form != "WebP" and size[0] * size[1] > MAX_PIXELS_PER_BYTE * len(data):
        raise DataError(
            f"{name}: {len(data)} bytes cannot hold an image of {size[0]}x{size[1]} pixels; the "
            f"{form} header is damaged, copy the file again"
        )
    return size


def _format(data: bytes) -> str:
    """Name of the format by its first bytes, empty when unknown."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(_PNG):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith(b"BM"):
        return "BMP"
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3].isspace():
        return "PNM"
    return ""


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """Size of a JPEG that has its end marker after the first scan, else None.

    An embedded thumbnail has an end marker too, so the segments before the scan are stepped over.
    Inside a scan 0xFF is always escaped: no end marker can appear there by chance.
    """
    at, size = 2, None
    while True:
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        (length,) = struct.unpack_from(">H", data, at + 1)
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 4)
            size = (width, height)
        if marker == 0xDA:
            return size if data.rfind(b"\xff\xd9", at) > at else None
        at += 1 + length
        if data[at] != 0xFF:
            return None


def _png(data: bytes) -> tuple[int, int] | None:
    width, height = struct.unpack_from(">II", data, 16)
    return (width, height) if data.rfind(_PNG_END) > 0 else None


def _webp(data: bytes) -> tuple[int, int] | None:
    if len(data) < 8 + struct.unpack_from("<I", data, 4)[0]:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
    elif kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    return width, height


def _bmp(data: bytes) -> tuple[int, int] | None:
    stated = struct.unpack_from("<I", data, 2)[0]
    width, height = struct.unpack_from("<ii", data, 18)
    return (width, abs(height)) if len(data) >= stated else None


def _pnm(data: bytes) -> tuple[int, int] | None:
    """Size of a portable bitmap, greymap or pixmap; raw ones must hold all their samples."""
    kind, at = data[1:2], 2
    words: list[int] = []
    while len(words) < (2 if kind in b"14" else 3):
        line_end = data.find(b"\n", at)
        if data[at : at + 1] == b"#" and line_end > 0:
            at = line_end + 1
        elif data[at : at + 1].isspace():
            at += 1
        else:
            start = at
            while data[at : at + 1].isdigit():
                at += 1
            words.append(int(data[start:at]))
    width, height = words[:2]
    if kind in b"123":
        return width, height
    row = (width + 7) // 8 if kind == b"4" else width * (3 if kind == b"6" else 1)
    deep = 2 if words[-1] > 255 and kind != b"4" else 1
    return (width, height) if len(data) - at - 1 >= row * height * deep else None


_HEADERS = {"JPEG": _jpeg, "PNG": _png, "WebP": _webp, "BMP": _bmp, "PNM": _pnm}
