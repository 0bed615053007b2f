"""Encoded images to pixels: damaged files are found instead of filled, huge ones refused.

Decoders disagree about damage: OpenCV fills what is missing and prints a warning. So JPEGs are
decoded strictly (``harness.align.jpeg``), and the checksums of a PNG are compared first. WebP, BMP
and PNM have no checksums: only their lengths are checked. Orientation tags (EXIF) are ignored:
lists of landmarks, boxes and pairs count pixels as they are stored.

A change to what is accepted or returned raises ``DECODER`` in
``harness/store/fingerprints.py`` and the versions
of the generators that hand out files from outside (folder, recordio).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from harness.align.headers import format_of, size_of
from harness.align.jpeg import decode_jpeg
from harness.align.png import plain_png
from harness.align.pnm import decode_pnm
from harness.errors import DataError, LimitError
from harness.fileio.c_stderr import silenced
from harness.process.variables import whole_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The reason is in the DataError; OpenCV would print it a second time, without the file name.
_SILENT = 0
getattr(cv2.utils, "logging", cv2).setLogLevel(_SILENT)  # OpenCV 4 has it one level higher

MAX_SIDE_PX = 32766
"""The warp counts source pixels in signed 16-bit numbers."""
MAX_PIXELS = 64_000_000
"""Pixels of an image unless the environment variable ``HARNESS_MAX_PIXELS`` says otherwise; half
as many of a PNG of 16 bits. Decoding this many takes less than 1 GB."""
PASSES = 20
"""Scans of a JPEG of ``MAX_PIXELS``; smaller ones may have more. Encoders make 10, of CMYK 18."""
MAX_PIXELS_PER_BYTE = 10_000
"""More than a PNG of one bit per pixel or a JPEG of flat blocks reaches; a header that claims more
is damaged, and reserving its gigabytes would take seconds. A flat WebP may be smaller than that."""

_FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
_LIMIT = "HARNESS_MAX_PIXELS"
_PNG_DEPTH = 24  # where a PNG states the bits of a sample
_DARK, _TWELVE_BITS = 16, 1 << 12


def decode(data: bytes, name: str) -> NDArray[np.uint8]:
    """Decode a JPEG, PNG, WebP, BMP or PNM file to uint8 RGB (H, W, 3).

    Grey and palette images become RGB, 16-bit samples keep their high byte, other samples of a PNM
    are scaled from its ``maxval``, CMYK is converted, an alpha channel is dropped. Raises DataError
    naming the file when it is empty, cut short, damaged or of another format, and LimitError when
    it has more pixels than :func:`max_pixels`.
    """
    width, height = image_size(data, name)
    form = format_of(data)
    if form == "JPEG":
        return decode_jpeg(data, name, width * height, PASSES * max_pixels())
    plain = plain_png(data) if form == "PNG" else data
    image = None
    if plain is not None:
        image = decode_pnm(plain) if form == "PNM" else _opencv(plain, _FLAGS)
    if plain is None or image is None:
        raise DataError(f"{name}: the {form} image is damaged and cannot be decoded; copy it again")
    if image.dtype != np.uint8 or image.ndim != 3:
        raise DataError(f"{name}: pixels of type {image.dtype} are not supported, convert to 8 bit")
    if form == "PNG" and int(image.max()) < _DARK:
        _check_depth(plain, name)
    return np.asarray(image, dtype=np.uint8)


def image_size(data: bytes, name: str) -> tuple[int, int]:
    """Width and height in stored pixels, from the header; the file is checked for its end.

    Raises DataError and LimitError as :func:`decode` does, except for damage inside the pixel data.
    """
    if not data:
        raise DataError(f"{name}: the file is empty")
    form = format_of(data)
    if not form:
        raise DataError(f"{name}: this is not a JPEG, PNG, WebP, BMP or PNM image")
    size = size_of(data, form)
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
    deep = 2 if form == "PNG" and data[_PNG_DEPTH] == 16 else 1  # twice the memory
    if deep * size[0] * size[1] > max_pixels():
        raise LimitError(
            f"{name}: an image of {size[0]}x{size[1]} has more than {max_pixels() // deep} pixels; "
            "make it smaller or remove it, or set HARNESS_MAX_PIXELS if it is meant"
        )
    return size


def max_pixels() -> int:
    """Most pixels of an image: ``HARNESS_MAX_PIXELS``, else :data:`MAX_PIXELS`.

    It is in no key, so an image that exceeds it stops the work and is never counted as missing.
    """
    if not os.environ.get(_LIMIT):
        return MAX_PIXELS
    return whole_number(_LIMIT, 1)


def _opencv(data: bytes, flags: int) -> NDArray[Any] | None:
    try:
        with silenced():  # libpng prints what is wrong, without the name of the file
            return cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    except cv2.error:
        return None


def _check_depth(data: bytes, name: str) -> None:
    """Refuse samples of 12 or fewer bits that were stored in 16 as they are: they look black."""
    raw = _opencv(data, cv2.IMREAD_UNCHANGED)
    if raw is None or raw.dtype != np.uint16:
        return
    brightest = int((raw if raw.ndim == 2 else raw[..., :3]).max())  # alpha left out
    if 0 < brightest < _TWELVE_BITS:
        raise DataError(
            f"{name}: its 16-bit samples end at {brightest} of 65535, so it would be black; "
            "samples of fewer bits must be scaled to 16, save it again"
        )
