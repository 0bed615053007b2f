"""What the headers of image files say, and whether the files hold all they announce.

Each reader returns width and height in stored pixels, or None for a file that is cut short or
damaged; ``struct.error`` and ``IndexError`` mean the same.
"""

from __future__ import annotations

import struct

from harness.align import png
from harness.align.jpeg import jpeg_size
from harness.align.pnm import read_header

_PNG_END = b"IEND\xaeB`\x82"
_BMP_PLAIN = (0, 3, 6)  # rows of pixels, with or without masks; the others are run-length encoded


def format_of(data: bytes) -> str:
    """Name of the format by its first bytes, empty when unknown."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(png.SIGNATURE):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith(b"BM"):
        return "BMP"
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3].isspace():
        return "PNM"
    return ""


def size_of(data: bytes, form: str) -> tuple[int, int] | None:
    """Width and height, or None for a file that is cut short or damaged."""
    try:
        return _HEADERS[form](data)
    except (struct.error, IndexError, ValueError):
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
    elif kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        return None
    return width, height


def _bmp(data: bytes) -> tuple[int, int] | None:
    stated, _, start, head = struct.unpack_from("<IIII", data, 2)
    if head == 12:  # of OS/2
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        packing = 0
    else:
        width, height, _, bits, packing = struct.unpack_from("<iiHHI", data, 18)
    rows = (width * bits + 31) // 32 * 4 * abs(height) if packing in _BMP_PLAIN else 0
    return (width, abs(height)) if len(data) >= max(stated, start + rows) else None


def _pnm(data: bytes) -> tuple[int, int] | None:
    header = read_header(data)
    return (header.width, header.height) if header else None


_HEADERS = {"JPEG": jpeg_size, "PNG": _png, "WebP": _webp, "BMP": _bmp, "PNM": _pnm}
