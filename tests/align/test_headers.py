"""Sizes that headers state, before anything is decoded."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from harness.align import headers


def of_os2(width, height, bits=24, rows=None):
    """A BMP with the old header of 12 bytes."""
    line = (width * bits + 31) // 32 * 4
    pixels = bytes(line * (height if rows is None else rows))
    head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    return b"BM" + struct.pack("<IHHI", 26 + len(pixels), 0, 0, 26) + head + pixels


def written(kind, width, height, bits=24, packing=0, cut=0, stated=None):
    line = (width * bits + 31) // 32 * 4
    pixels = bytes(line * abs(height))
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, packing, 0, 0, 0, 0, 0)
    size = 54 + len(pixels) if stated is None else stated
    whole = kind + struct.pack("<IHHI", size, 0, 0, 54) + head + pixels
    return whole[: len(whole) - cut]


@pytest.mark.parametrize(("width", "height"), [(3, 5), (16, 2), (1, 1)])
def test_a_bmp_of_either_header(width, height):
    assert headers._bmp(of_os2(width, height)) == (width, height)
    assert headers._bmp(written(b"BM", width, height)) == (width, height)
    assert headers._bmp(written(b"BM", width, -height)) == (width, height)  # from the top down


@pytest.mark.parametrize("bits", [8, 24, 32])
def test_a_bmp_that_is_cut_states_no_size(bits):
    assert headers._bmp(of_os2(7, 5, bits, rows=4)) is None
    assert headers._bmp(written(b"BM", 7, 5, bits, cut=1, stated=0)) is None
    assert headers._bmp(written(b"BM", 7, 5, bits, cut=1)) is None


@pytest.mark.parametrize(("ending", "name"), [(".png", "PNG"), (".bmp", "BMP"), (".ppm", "PNM"),
                                              (".jpg", "JPEG"), (".webp", "WebP")])  # fmt: skip
def test_what_opencv_writes_states_its_size(ending, name):
    image = np.random.default_rng(0).integers(0, 256, (37, 23, 3), np.uint8)
    data = cv2.imencode(ending, image)[1].tobytes()
    assert headers._HEADERS[name](data) == (23, 37)
