"""Portable bitmaps against the definition of their formats, written out sample by sample."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from PIL import Image

from harness.align.decode import decode, image_size
from harness.errors import DataError

WIDTH, HEIGHT = 7, 5


def file_of(kind, samples, maxval):
    """A file of these samples, integers (H, W) or (H, W, 3)."""
    head = f"P{kind} {samples.shape[1]}\n{samples.shape[0]}\n"
    head += "" if kind in (1, 4) else f"{maxval}\n"
    if kind == 4:
        return head.encode() + np.packbits(samples.astype(bool), axis=1).tobytes()
    if kind > 3:
        return head.encode() + samples.astype(">u2" if maxval > 255 else "u1").tobytes()
    return (head + "\n".join(" ".join(map(str, row.reshape(-1))) for row in samples)).encode()


def samples_of(kind, maxval, seed=0):
    shape = (HEIGHT, WIDTH, 3) if kind in (3, 6) else (HEIGHT, WIDTH)
    made = np.random.default_rng(seed).integers(0, maxval + 1, shape)
    made.flat[:2] = 0, maxval
    return made


@pytest.mark.parametrize("maxval", [1, 7, 100, 254, 255, 256, 1023, 4095, 65534])
@pytest.mark.parametrize("kind", [2, 3, 5, 6])
def test_samples_are_scaled_from_their_maximum(kind, maxval):
    samples = samples_of(kind, maxval)
    expected = np.floor(255 * samples / maxval + 0.5)
    expected = expected if samples.ndim == 3 else np.dstack([expected] * 3)
    got = decode(file_of(kind, samples, maxval), "a")
    assert got.dtype == np.uint8
    assert np.array_equal(got, expected)


@pytest.mark.parametrize("kind", [2, 3, 5, 6])
def test_sixteen_bits_keep_the_high_byte(kind):
    samples = samples_of(kind, 65535)
    expected = samples // 256 if samples.ndim == 3 else np.dstack([samples // 256] * 3)
    assert np.array_equal(decode(file_of(kind, samples, 65535), "a"), expected)


@pytest.mark.parametrize("kind", [1, 4])
def test_a_set_bit_is_black(kind):
    bits = samples_of(kind, 1)
    got = decode(file_of(kind, bits, 1), "a")
    assert np.array_equal(got, np.dstack([255 * (1 - bits)] * 3))
    assert np.array_equal(got[..., 0], np.asarray(Image.open(
        io.BytesIO(file_of(kind, bits, 1))).convert("L")))  # fmt: skip


def test_bits_of_a_text_need_no_spaces():
    assert decode(b"P1\n# a comment\n3 2\n010 # first\n1 1 0\n", "a")[..., 0].tolist() == [
        [255, 0, 255], [0, 0, 255]]  # fmt: skip


def test_comments_stand_anywhere_in_a_text():
    text = b"P2 # made\n# by hand\n3 #wide\n 2\n100 0 50 # half\n100 # next\n 25 75 100\n"
    assert image_size(text, "a") == (3, 2)
    assert decode(text, "a")[..., 0].tolist() == [[0, 128, 255], [64, 191, 255]]


@pytest.mark.parametrize("text", [
    b"P2 2 2 255 1 2 3",  # a sample is missing
    b"P2 2 2 255 1 2 3 4 5",  # one too many: which is wrong?
    b"P2 2 2 100 1 2 3 101",
    b"P2 2 2 100 1 2 3 -4",
    b"P2 2 2 100 1 2 3 4.0",
    b"P2 2 2 100 1 2 3 \xd9\xa3",
    b"P2 2 2 70000 1 2 3 4",
    b"P2 2 2 0 1 2 3 4",
    b"P2 2 2 255 1 2 3 " + b"9" * 6000,
    b"P2 2 2 " + b"9" * 6000 + b" 1 2 3 4",
    b"P1 2 2 0 1 2 0",
    b"P1 2 2 010",
    b"P5 2 2 100\n\x01\x02\x03\x65",
    b"P5 2 2 1023\n\0\1\0\2\0\3\4\0",
    b"P5 2 2 255 \1\2\3",
    b"P6 2 2 255 " + bytes(11),
    b"P4 9 2 " + bytes(3),
    b"P5 2 255 ", b"P5 # no end", b"P5 2 2 255#\1\2\3\4",
])  # fmt: skip
def test_damage_is_found(text):
    with pytest.raises(DataError, match=r"^a: the PNM .*(cut short|damaged)"):
        decode(text, "a")


def test_megabytes_of_comments_are_read_once():
    begin = time.monotonic()
    for filler in (b"#\n", b"# a longer comment\n", b" ", b"\n#"):
        head = b"P5 " + filler * (6_000_000 // len(filler)) + b"\n"
        assert image_size(head + b"2 2 255\n\1\2\3\4", "a") == (2, 2)
        with pytest.raises(DataError):
            image_size(head, "a")
    many = b"P2 1000 1000 255 " + b"1 " * 1_000_000 + b"# " * 2_000_000
    assert (decode(many, "a") == 1).all()
    assert time.monotonic() - begin < 8
