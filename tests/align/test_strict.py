"""Damage inside images is found, whatever OpenCV makes of it; sound images keep OpenCV's pixels."""

from __future__ import annotations

import io
import itertools
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile

from harness.align import decode as module
from harness.align.decode import decode, image_size
from harness.align.jpeg import count_scans, read_frame
from harness.errors import DataError, LimitError, UsageError

FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
CHECKED = [".jpg", ".png"]  # formats that tell damage from data


def opencv(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), FLAGS)


def rough(seed, width=150, height=130):
    """An image with detail: its file has some kilobytes to lose."""
    noise = np.random.default_rng(seed).normal(128, 60, (height, width, 3)).astype(np.float32)
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 0.7), 0, 255).astype(np.uint8)


def saved(image, mode="RGB", form="JPEG", **options):
    file = io.BytesIO()
    Image.fromarray(image).convert(mode).save(file, form, **options)
    return file.getvalue()


def body(data):
    """Where the pixels of a JPEG or PNG begin."""
    return data.index(b"\xff\xda") + 14 if data[:2] == b"\xff\xd8" else data.index(b"IDAT") + 4


def zeroed(data, begin, end):
    start = body(data)
    begin, end = (start + int(share * (len(data) - start)) for share in (begin, end))
    return data[:begin] + bytes(end - begin) + data[end:]


def without(data, share, count):
    at = body(data) + int(share * (len(data) - body(data) - count - 20))
    return data[:at] + data[at + count :]


JPEGS = {
    "plain": {},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 7},
    "optimised": {"optimize": True, "quality": 90},
    "whole-colour": {"subsampling": 0, "quality": 85},
}


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
def test_a_zeroed_stretch_of_a_jpeg_is_found(options):
    """As a download leaves it whose middle never came."""
    for seed in range(10):
        data = saved(rough(seed), **options)
        decode(data, "a")
        for begin, end in ((0.1, 0.9), (1 / 3, 2 / 3), (0.5, 0.99), (0.4, 0.55)):
            with pytest.raises(DataError, match=r"^a: the JPEG image is damaged"):
                decode(zeroed(data, begin, end), "a")
            assert opencv(zeroed(data, begin, end)) is not None  # what it was taken for


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
def test_lost_bytes_of_a_jpeg_are_found(options):
    for seed, share in itertools.product(range(10), (0.0, 0.3, 0.8)):
        with pytest.raises(DataError, match="JPEG"):
            decode(without(saved(rough(seed), **options), share, 512), "a")


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_jpeg_that_was_cut_and_given_an_end_is_found(options, share):
    data = saved(rough(1), **options)
    with pytest.raises(DataError, match="JPEG"):
        decode(data[: body(data) + int(share * (len(data) - body(data)))] + b"\xff\xd9", "a")


def test_a_progressive_jpeg_must_have_all_its_scans():
    """Cut between two scans it is valid to libjpeg, and only coarser."""
    data = saved(rough(2), progressive=True)
    count, whole = count_scans(data, read_frame(data))
    assert (count, whole) == (10, True)
    last = data.rindex(b"\xff\xc4")  # the tables of the last scan
    cut = data[:last] + b"\xff\xd9"
    with pytest.raises(DataError, match="lacks scans"):
        decode(cut, "a")
    assert np.abs(opencv(cut).astype(int) - decode(data, "a")).max() > 0


def test_damage_that_libjpeg_warns_of(kit):
    data = saved(rough(3), restart_marker_blocks=7)
    third = data.index(b"\xff\xd2", body(data))
    wrong = {
        "restarts out of order": data[: third + 1] + b"\xd5" + data[third + 2 :],
        "bytes before the end": data[:-2] + bytes(range(1, 60)) + data[-2:],
        "a table changed": data.replace(b"\xff\xc4\x00\x1f", b"\xff\xc4\x00\x1e", 1),
    }
    for damage in wrong.values():
        with pytest.raises(DataError, match=r"^x: .*JPEG"):
            decode(damage, "x")


def test_what_is_not_about_pixels_is_no_damage():
    """Comments, metadata, an unknown revision of JFIF, bytes after the end, a second image."""
    image = rough(4)
    data = saved(image)
    right = decode(data, "a")
    comment = b"\xff\xfe" + struct.pack(">H", 2 + 70) + bytes(70)
    unusual = {
        "comment of zeros": data[:2] + comment + data[2:],
        "revision": data[:11] + b"\x07" + data[12:],
        "zeros after the end": data + bytes(500),
        "second image": data + saved(image[::-1]),
        "filled before a marker": data[:-2] + b"\xff\xff" + data[-2:],
    }
    for name, other in unusual.items():
        assert np.array_equal(decode(other, name), right), name
    with pytest.raises(DataError, match="JPEG"):  # the revision hides no damage
        decode(without(unusual["revision"], 0.5, 512), "a")


def test_flat_images_have_no_holes(monkeypatch):
    """Tables of their own make zero bits of flat blocks."""
    monkeypatch.setattr(ImageFile, "MAXBLOCK", 1 << 22)
    half = np.full((300, 300, 3), 90, np.uint8)
    half[:150] = np.random.default_rng(0).integers(0, 256, (150, 300, 3))
    red = np.full((300, 300, 3), (255, 0, 0), np.uint8)
    zeros = 0
    for image, mode, optimize, quality in itertools.product(
        (half, red, np.zeros_like(red)), ("RGB", "L", "CMYK"), (False, True), (5, 75, 100)
    ):
        data = saved(image, mode, optimize=optimize, quality=quality)
        zeros += bytes(64) in data
        assert np.array_equal(decode(data, "a"), opencv(data))
    assert zeros


SUBSAMPLINGS = {"L": [0], "CMYK": [0], "YCCK": [0], "RGB": [0, 1, 2]}


@pytest.mark.parametrize("mode", SUBSAMPLINGS)
@pytest.mark.parametrize("size", [(90, 70), (91, 71), (1, 1), (300, 17), (1, 33), (9, 17)])
def test_pixels_equal_those_of_opencv(mode, size):
    image = rough(5, *size)
    for more, sub in itertools.product(
        ({}, {"progressive": True}, {"keep_rgb": True}, {"restart_marker_blocks": 3}),
        SUBSAMPLINGS[mode],
    ):
        if sub and "keep_rgb" in more:
            continue
        data = saved(image, "CMYK" if mode == "YCCK" else mode, subsampling=sub, quality=88, **more)
        if mode == "YCCK":
            at = data.index(b"Adobe") + 11
            data = data[:at] + b"\x02" + data[at + 1 :]
        assert np.array_equal(decode(data, "a"), opencv(data)), (more, sub)


def test_a_subsampling_that_cannot_be_checked_is_refused():
    """As Pillow writes CMYK with subsampling: one ink alone is finer than the others."""
    data = saved(rough(6), "CMYK", subsampling=2)
    with pytest.raises(DataError, match=r"^a: a JPEG of unusual subsampling .*4:2:0"):
        decode(data, "a")


# -- PNG and formats without checksums ---------------------------------------------------------


@pytest.mark.parametrize("damage", ["flip", "zero", "lose"])
def test_a_damaged_png_is_found(damage):
    data = saved(rough(7), form="PNG")
    for share in (0.05, 0.5, 0.95):
        at = body(data) + int(share * (len(data) - body(data) - 30))
        broken = {
            "flip": data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :],
            "zero": zeroed(data, share / 2, share),
            "lose": without(data, share, 512),
        }[damage]
        with pytest.raises(DataError, match=r"^a: the PNG "):
            decode(broken, "a")


def test_metadata_of_a_png_may_be_damaged():
    data = saved(rough(8), form="PNG")
    text = b"tEXtComment\0made"
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text) ^ 1)
    odd = data[:33] + chunk + data[33:]
    assert np.array_equal(decode(odd, "a"), decode(data, "a"))


def test_a_png_with_too_few_rows_is_found():
    """Every checksum holds, and a tenth of the pixels was never written."""
    image = rough(9)
    whole = saved(image, form="PNG")
    rows = zlib.decompress(b"".join(chunks(whole, b"IDAT")))
    packed = zlib.compress(rows[: len(rows) * 9 // 10])
    short = whole[:33] + chunk_of(b"IDAT", packed) + chunk_of(b"IEND", b"")
    with pytest.raises(DataError, match=r"^a: the PNG "):
        decode(short, "a")


def chunks(data, wanted):
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == wanted:
            yield data[at + 8 : at + 8 + length]
        at += 12 + length


def chunk_of(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(
        ">I", zlib.crc32(kind + content))  # fmt: skip


@pytest.mark.parametrize("form", ["WEBP", "BMP", "PPM"])
def test_formats_without_checksums_are_found_short(form):
    options = {"lossless": True} if form == "WEBP" else {}
    data = saved(rough(10), form=form, **options)
    for broken in (data[: len(data) // 2], data[:5000] + data[5512:], data[:-3]):
        with pytest.raises(DataError, match=r"^a: the .* cut short"):
            decode(broken, "a")


def test_a_bmp_must_hold_its_rows():
    """Its own statement of its length is not believed: many writers leave it 0."""
    data = saved(rough(11, 61, 40), form="BMP")
    silent = data[:2] + bytes(4) + data[6:]
    assert np.array_equal(decode(silent, "a"), decode(data, "a"))
    with pytest.raises(DataError, match="cut short"):
        decode(silent[:-1], "a")


@pytest.mark.parametrize("bits", [9, 10, 12])
def test_few_bits_in_sixteen_are_not_taken_for_black(kit, bits):
    deep = rough(12).astype(np.uint16) << (bits - 8)
    for image in (deep, deep[..., 0], np.dstack([deep, np.full_like(deep[..., 0], 65535)])):
        with pytest.raises(DataError, match=r"^a: its 16-bit samples end at \d+ of 65535"):
            decode(cv2.imencode(".png", image)[1].tobytes(), "a")
    scaled = cv2.imencode(".png", deep << (16 - bits))[1].tobytes()
    assert np.array_equal(decode(scaled, "a")[..., ::-1], rough(12))
    black = cv2.imencode(".png", np.zeros((9, 9), np.uint16))[1].tobytes()
    assert not decode(black, "a").any()


# -- limits --------------------------------------------------------------------------------------


def test_an_image_of_too_many_pixels_is_refused(monkeypatch):
    data = {form: saved(rough(13, 200, 150), form=form) for form in ("JPEG", "PNG", "WEBP", "PPM")}
    monkeypatch.setenv("HARNESS_MAX_PIXELS", "29999")
    for form, content in data.items():
        for read in (decode, image_size):
            with pytest.raises(LimitError, match=r"^a: .*200x150 .*29999.*HARNESS_MAX_PIXELS"):
                read(content, "a")
        assert form
    monkeypatch.setenv("HARNESS_MAX_PIXELS", "30000")
    for content in data.values():
        assert decode(content, "a").shape == (150, 200, 3)
    deep = cv2.imencode(".png", rough(13, 200, 150).astype(np.uint16) * 257)[1].tobytes()
    with pytest.raises(LimitError, match="15000"):
        decode(deep, "a")


@pytest.mark.parametrize("value", ["0", "-1", "1e6", "many", "9" * 5000, "\u0663"])
def test_a_wrong_limit_is_named(monkeypatch, value):
    monkeypatch.setenv("HARNESS_MAX_PIXELS", value)
    with pytest.raises(UsageError, match="HARNESS_MAX_PIXELS="):
        image_size(saved(rough(14)), "a")


def test_too_many_scans_are_refused(monkeypatch):
    data = saved(rough(15), progressive=True)
    monkeypatch.setattr(module, "PASSES", 9)
    monkeypatch.setenv("HARNESS_MAX_PIXELS", str(150 * 130))
    with pytest.raises(LimitError, match=r"^a: 10 scans .* too many"):
        decode(data, "a")
    monkeypatch.setattr(module, "PASSES", 10)
    decode(data, "a")


def test_any_damage_of_headers_is_an_error_of_data(kit):
    rng = np.random.default_rng(16)
    for options in JPEGS.values():
        data = saved(rough(16, 40, 30), **options)
        for at in range(2, len(data)):
            broken = bytearray(data[: rng.integers(at, len(data) + 1)] + b"\xff\xd9")
            broken[at : at + 2] = rng.choice([b"\xff\xda", b"\xff\xff", b"\0\0", b"\xff\xc4"])
            try:
                decode(bytes(broken), "a")
            except DataError as error:
                assert str(error).startswith("a: ")
