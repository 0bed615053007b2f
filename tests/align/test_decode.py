from __future__ import annotations

import io
import struct
import time
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from harness.align.decode import decode, image_size
from harness.errors import DataError

LOSSLESS = [".png", ".bmp", ".ppm"]
EVERY = [*LOSSLESS, ".jpg", ".webp"]


@pytest.mark.parametrize("extension", LOSSLESS)
def test_lossless_formats_come_back_in_rgb(kit, extension):
    image = kit.smooth(0)
    result = decode(kit.encode(image, extension), "x")
    assert result.dtype == np.uint8
    assert np.array_equal(result, image)


@pytest.mark.parametrize("extension", [".jpg", ".webp"])
def test_lossy_formats_agree_with_pillow(kit, extension):
    data = kit.encode(kit.smooth(1), extension)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.abs(decode(data, "x").astype(int) - expected).max() <= 2


@pytest.mark.parametrize("extension", [*LOSSLESS, ".pgm", ".jpg"])
def test_grey_becomes_three_equal_channels(kit, extension):
    grey = kit.smooth(2, channels=1)
    result = decode(kit.encode(grey, ".pgm" if extension == ".ppm" else extension), "x")
    assert result.shape == (70, 90, 3)
    assert (result == result[..., :1]).all()
    assert np.abs(result[..., 0].astype(int) - grey).max() <= (4 if extension == ".jpg" else 0)


def test_palette_images_become_rgb(kit):
    image = Image.fromarray(kit.smooth(3)).convert("P", palette=Image.Palette.ADAPTIVE)
    file = io.BytesIO()
    image.save(file, "PNG")
    assert np.array_equal(decode(file.getvalue(), "x"), np.asarray(image.convert("RGB")))


def test_alpha_is_dropped(kit):
    image = kit.smooth(4)
    file = io.BytesIO()
    Image.fromarray(np.dstack([image, image[..., 0]])).save(file, "PNG")
    assert np.array_equal(decode(file.getvalue(), "x"), image)


@pytest.mark.parametrize("extension", [".png", ".pgm"])
def test_sixteen_bit_keeps_the_high_byte(kit, extension):
    deep = kit.smooth(5, channels=1).astype(np.uint16) * 256 + 17
    result = decode(kit.encode(deep, extension), "x")
    assert np.array_equal(result[..., 0], deep >> 8)


def test_cmyk_is_converted(kit):
    image = kit.smooth(6)
    file = io.BytesIO()
    Image.fromarray(image).convert("CMYK").save(file, "JPEG", quality=95)
    assert np.abs(decode(file.getvalue(), "x").astype(int) - image).max() <= 12


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_orientation_tag_is_ignored(kit, orientation):
    image = kit.smooth(7)
    exif = Image.Exif()
    exif[274] = orientation
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=95, exif=exif)
    result = decode(file.getvalue(), "x")
    assert result.shape == image.shape
    assert np.abs(result.astype(int) - image).mean() < 3
    assert image_size(file.getvalue(), "x") == (90, 70)


@pytest.mark.parametrize("extension", EVERY)
@pytest.mark.parametrize("size", [(90, 70), (1, 1), (300, 17)])
def test_the_size_comes_from_the_header(kit, extension, size):
    data = kit.encode(kit.smooth(8, *size).reshape(size[1], size[0], 3), extension)
    assert image_size(data, "x") == size


def test_the_size_of_other_kinds(kit):
    image = Image.fromarray(kit.smooth(9))
    for options in ({"lossless": True}, {"exif": b"Exif\0\0II*\0"}):
        file = io.BytesIO()
        image.save(file, "WEBP", **options)
        assert image_size(file.getvalue(), "x") == (90, 70)
    file = io.BytesIO()
    image.save(file, "JPEG", progressive=True)
    assert image_size(file.getvalue(), "x") == (90, 70)
    assert decode(file.getvalue(), "x").shape == (70, 90, 3)
    commented = b"P5 # made by hand\n# twice\n3 2\n255\n" + bytes(range(6))
    assert image_size(commented, "x") == (3, 2)
    assert decode(commented, "x")[1, 2, 0] == 5
    assert image_size(b"P2\n3 2\n255\n0 1 2\n3 4 5\n", "x") == (3, 2)
    bits = b"P4\n9 2\n" + bytes(4)
    assert image_size(bits, "x") == (9, 2)


@pytest.mark.parametrize("extension", EVERY)
@pytest.mark.parametrize("share", [0.03, 0.2, 0.5, 0.8, 0.97])
def test_truncation_is_found(kit, extension, share):
    data = kit.encode(kit.smooth(10, 400, 300), extension)
    with pytest.raises(DataError, match=r"^person/a.img: .*cut short"):
        decode(data[: int(len(data) * share)], "person/a.img")


@pytest.mark.parametrize("extension", EVERY)
@pytest.mark.parametrize("missing", [1, 2])
def test_the_last_bytes_are_missed(kit, extension, missing):
    data = kit.encode(kit.smooth(11, 401, 301), extension)
    data = data.rstrip(b"\0") if extension == ".webp" else data
    with pytest.raises(DataError, match="cut short"):
        decode(data[:-missing], "a")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_truncated_jpeg_with_a_thumbnail_is_found(kit, share):
    """The thumbnail's own end marker must not count as the end of the image."""
    thumb = kit.encode(kit.smooth(12, 16, 16), ".jpg")
    body = b"Exif\0\0" + thumb
    data = kit.encode(kit.smooth(12, 400, 300), ".jpg")
    whole = data[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body + data[2:]
    assert decode(whole, "a").shape == (300, 400, 3)
    with pytest.raises(DataError, match="cut short"):
        decode(whole[: int(len(whole) * share)], "a")


def test_a_truncated_progressive_jpeg_is_found(kit):
    file = io.BytesIO()
    Image.fromarray(kit.smooth(13, 400, 300)).save(file, "JPEG", progressive=True)
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(DataError, match="cut short"):
            decode(file.getvalue()[: int(len(file.getvalue()) * share)], "a")


def test_bytes_after_the_end_do_no_harm(kit):
    image = kit.smooth(14)
    for extension in (".jpg", ".png"):
        data = kit.encode(image, extension)
        assert np.array_equal(decode(data + b"\0" * 50, "a"), decode(data, "a"))


def test_other_files_are_refused_by_name():
    for data in (b"<html>", b"GIF89a" + bytes(50), b"\0", b"P", b"BM", b"RIFF", b"not an image"):
        with pytest.raises(DataError, match=r"^dir/b\.jpg: "):
            decode(data, "dir/b.jpg")
    with pytest.raises(DataError, match=r"^b\.jpg: the file is empty"):
        decode(b"", "b.jpg")


def test_damaged_pixels_are_an_error_or_an_image(kit, capfd):
    """A flipped bit never crashes, and OpenCV adds no line of its own to the output."""
    rng = np.random.default_rng(15)
    refused = 0
    for extension in EVERY:
        data = kit.encode(kit.smooth(15), extension)
        for _ in range(60):
            broken = bytearray(data)
            broken[rng.integers(len(data))] ^= 1 << rng.integers(8)
            try:
                assert decode(bytes(broken), "c").ndim == 3
            except DataError as error:
                refused += 1
                assert str(error).startswith("c: ")
    assert refused
    assert "ERROR" not in capfd.readouterr().err


def test_a_huge_image_is_refused_before_it_is_decoded(kit):
    data = kit.encode(np.zeros((1, 40000, 3), np.uint8))
    with pytest.raises(DataError, match="40000x1"):
        decode(data, "wide.png")
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is not None


@pytest.mark.parametrize(("width", "height"), [(16404, 16408), (32766, 32766)])
def test_a_header_that_claims_more_than_its_bytes_can_hold_is_refused(kit, width, height):
    data = bytearray(kit.encode(kit.smooth(15)))
    chunk = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    data[12:33] = chunk + struct.pack(">I", zlib.crc32(chunk))
    begin = time.monotonic()
    with pytest.raises(DataError, match=rf"bytes cannot hold an image of {width}x{height}"):
        decode(bytes(data), "a.png")
    assert time.monotonic() - begin < 1


def test_images_of_one_colour_are_not_too_small_for_their_size(kit):
    for extension in EVERY:
        for side in (40, 2000):
            image = np.zeros((side, side, 3), np.uint8)
            assert decode(kit.encode(image, extension), "a").shape == image.shape
    grey = kit.encode(np.zeros((2000, 2000), np.uint8), ".png")
    assert decode(grey, "a").shape == (2000, 2000, 3)
