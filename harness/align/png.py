"""PNG files before they reach OpenCV: checksums compared, and metadata left out.

Under OpenCV libpng compares no checksum and unpacks every text and profile, up to gigabytes, before
the first pixel. Format: W3C, "Portable Network Graphics", third edition.
"""

from __future__ import annotations

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
METADATA = frozenset(
    b"tEXt zTXt iTXt iCCP sRGB gAMA cHRM sBIT sPLT hIST pHYs tIME eXIf oFFs pCAL sCAL sTER".split()
)
"""Chunks that OpenCV's pixels do not depend on."""


def plain_png(data: bytes) -> bytes | None:
    """The file without metadata, which decodes to the same pixels; None where it is damaged.

    Damaged: cut short, or a critical chunk does not match its checksum. A damaged chunk of metadata
    does no harm.
    """
    at, begin, kept = len(SIGNATURE), 0, list[bytes]()
    while len(data) - at >= 12:
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            return None
        if kind[0] & 0x20 == 0:  # an upper-case letter: critical
            (stated,) = struct.unpack_from(">I", data, end - 4)
            if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != stated:
                return None
        if kind in METADATA:
            if begin < at:
                kept.append(data[begin:at])
            begin = end
        if kind == b"IEND":
            return b"".join([*kept, data[begin:end]]) if begin else data
        at = end
    return None
