"""PNG files with metadata, odd pixel data and damage: the pixels, the time, and standard error."""

from __future__ import annotations

import io
import itertools
import struct
import time
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from harness.align.decode import decode
from harness.align.png import METADATA, SIGNATURE, plain_png
from harness.errors import DataError

WIDTH, HEIGHT = 9, 7
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [(colour, depth) for colour, depths in DEPTHS.items() for depth in depths]
END = b"\0\0\0\0IEND\xaeB`\x82"
EXTRA = {
    b"gAMA": struct.pack(">I", 220_000),
    b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    b"sRGB": b"\0",
    b"pHYs": struct.pack(">IIB", 3, 1, 1),
    b"tIME": bytes([7, 208, 1, 1, 1, 1, 1]),
    b"eXIf": b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0",
    b"iCCP": b"p\0\0" + zlib.compress(b"x" * 500),
    b"tEXt": b"a\0b",
    b"zTXt": b"a\0\0" + zlib.compress(b"y" * 100),
    b"iTXt": b"a\0\0\0\0\0b",
    b"oFFs": struct.pack(">iiB", 5, 5, 0),
    b"prVt": b"private",
}


def chunk(kind: bytes, content: bytes, *, wrong: int = 0) -> bytes:
    checksum = zlib.crc32(kind + content) ^ wrong
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def rows(colour: int, depth: int) -> bytes:
    rng = np.random.default_rng([colour, depth])
    length = (WIDTH * depth * CHANNELS[colour] + 7) // 8
    return b"".join(bytes([rng.integers(5)]) + rng.bytes(length) for _ in range(HEIGHT))


def made(colour: int, depth: int, packed: bytes, extra: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, 0)
    palette = np.random.default_rng(1).bytes(3 << depth) if colour == 3 else b""
    parts = [chunk(b"IHDR", head), extra, chunk(b"PLTE", palette) if palette else b"",
             chunk(b"IDAT", packed), END]  # fmt: skip
    return SIGNATURE + b"".join(parts)


def opencv(data: bytes):
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags)


@pytest.mark.parametrize(("colour", "depth"), KINDS)
def test_no_pixel_depends_on_what_is_left_out(colour, depth):
    packed = zlib.compress(rows(colour, depth))
    for kind, content in EXTRA.items():
        for wrong in (0, 1):
            data = made(colour, depth, packed, chunk(kind, content, wrong=wrong))
            plain = plain_png(data)
            assert plain is not None
            assert (kind in plain) == (kind not in METADATA)
            assert np.array_equal(opencv(plain), opencv(data))
    untouched = made(colour, depth, packed)
    assert plain_png(untouched) is untouched


@pytest.mark.parametrize("apart", [True, False])
def test_the_first_frame_of_an_animation_stays(apart):
    rng = np.random.default_rng(0)
    first, *others = [Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8)) for _ in "abc"]
    file = io.BytesIO()
    first.save(file, "PNG", save_all=True, append_images=others, default_image=apart)
    with_text = file.getvalue()[:33] + chunk(b"tEXt", b"a\0b") + file.getvalue()[33:]
    assert np.array_equal(decode(with_text, "a"), opencv(file.getvalue()))


ODD = {
    "rows-behind": lambda raw: zlib.compress(raw + bytes(100)),
    "bytes-behind": lambda raw: zlib.compress(raw) + b"more",
    "too-few-rows": lambda raw: zlib.compress(raw[:-5]),
    "unknown-filter": lambda raw: zlib.compress(b"\x09" + raw[1:]),
    "no-zlib": lambda raw: raw,
    "wrong-sum": lambda raw: zlib.compress(raw)[:-4] + b"abcd",
    "no-sum": lambda raw: zlib.compress(raw)[:-4],
    "empty": lambda raw: b"",
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize(("colour", "depth"), [(2, 8), (6, 16), (3, 4)])
def test_odd_pixel_data_is_right_or_named_and_nothing_is_printed(name, colour, depth, capfd):
    raw = rows(colour, depth)
    data = made(colour, depth, ODD[name](raw), chunk(b"iCCP", b"short"))
    try:
        image = decode(data, "a.png")
    except DataError as error:
        assert str(error).startswith("a.png: the PNG ")
        assert name not in ("rows-behind", "bytes-behind")
    else:
        assert np.array_equal(image, opencv(made(colour, depth, zlib.compress(raw))))
        assert name in ("rows-behind", "bytes-behind")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["many-texts", "packed-texts", "one-text", "profile", "tiny"])
def test_metadata_costs_no_time(name):
    packed = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(7_900_000)))
    extra = {
        "many-texts": lambda: chunk(b"tEXt", b"a\0" + b"x" * 4_000_000) * 50,
        "packed-texts": lambda: packed * 900,  # 7 GB of text in 7 MB
        "one-text": lambda: chunk(b"iTXt", b"a" * 100_000_000),
        "profile": lambda: chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(50_000_000))),
        "tiny": lambda: chunk(b"tEXt", b"") * 300_000,
    }[name]()
    data = made(2, 8, zlib.compress(rows(2, 8)), extra)
    start = time.process_time()
    assert decode(data, "a").shape == (HEIGHT, WIDTH, 3)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("at", [8, 20, 40, -5, -13])
def test_a_file_that_ends_early_is_damaged(at):
    data = made(2, 8, zlib.compress(rows(2, 8)))
    assert plain_png(data[:at]) is None


def test_a_chunk_that_claims_more_than_the_file_is_damage():
    data = made(2, 8, zlib.compress(rows(2, 8)), struct.pack(">I", 1 << 31) + b"tEXt")
    assert plain_png(data) is None
    with pytest.raises(DataError, match=r"^a: the PNG image is damaged"):
        decode(data, "a")


def test_critical_chunks_must_match_their_checksums():
    data = made(3, 8, zlib.compress(rows(3, 8)))
    for kind, part in itertools.product((b"IHDR", b"PLTE", b"IDAT"), (4, 6)):
        at = data.index(kind) + part
        assert plain_png(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]) is None
