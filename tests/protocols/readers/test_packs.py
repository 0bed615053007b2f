"""Packs of every origin are read alike, and nothing that is in them runs."""

from __future__ import annotations

import os
import pickle
import pickletools
import subprocess
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from harness.errors import DataError
from harness.protocols.readers.packs import read_pack

PAIRS = 12


def encoded(number: int) -> bytes:
    pixels = np.full((8, 8, 3), number * 5, np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


IMAGES = [encoded(row) for row in range(2 * PAIRS)]
SAME = [row % 2 == 0 for row in range(PAIRS)]


def write(path: Path, content: object, protocol: int = 2) -> Path:
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


def python2(images: list[bytes], same: list[bool]) -> bytes:
    """What Python 2's pickle writes: bytes as strings, the same image object kept in the memo."""
    out = [pickle.PROTO + b"\x02", pickle.EMPTY_LIST, pickle.BINPUT + b"\x00", pickle.MARK]
    for memo, image in enumerate(images, 1):
        size = len(image)
        short = size < 256
        out.append(pickle.SHORT_BINSTRING + bytes([size]) if short
                   else pickle.BINSTRING + size.to_bytes(4, "little"))  # fmt: skip
        out += [image, pickle.LONG_BINPUT + memo.to_bytes(4, "little")]
    out += [pickle.APPENDS, pickle.EMPTY_LIST, pickle.MARK]
    out += [pickle.NEWTRUE if value else pickle.NEWFALSE for value in same]
    return b"".join([*out, pickle.APPENDS, pickle.TUPLE2, pickle.STOP])


def python2_array(image: bytes) -> bytes:
    """A uint8 array as numpy under Python 2 pickles it."""
    text = pickle.GLOBAL + b"numpy.core.multiarray\n_reconstruct\n"
    text += pickle.GLOBAL + b"numpy\nndarray\n" + pickle.BININT1 + b"\x00" + pickle.TUPLE1
    text += pickle.SHORT_BINSTRING + b"\x01b" + pickle.TUPLE3 + pickle.REDUCE + pickle.MARK
    text += pickle.BININT1 + b"\x01" + pickle.BININT2 + len(image).to_bytes(2, "little")
    text += pickle.TUPLE1 + pickle.GLOBAL + b"numpy\ndtype\n" + pickle.SHORT_BINSTRING + b"\x02u1"
    text += pickle.BININT1 + b"\x00" + pickle.BININT1 + b"\x01" + pickle.TUPLE3 + pickle.REDUCE
    text += pickle.MARK + pickle.BININT1 + b"\x03" + pickle.SHORT_BINSTRING + b"\x01|"
    text += pickle.NONE * 3 + (pickle.BININT + b"\xff\xff\xff\xff") * 2 + pickle.BININT1 + b"\x00"
    text += pickle.TUPLE + pickle.BUILD + pickle.NEWFALSE
    text += pickle.BINSTRING + len(image).to_bytes(4, "little") + image
    return text + pickle.TUPLE + pickle.BUILD


def check(path: Path) -> None:
    pack = read_pack(path)
    assert list(pack.images) == IMAGES
    assert pack.genuine.tolist() == SAME
    assert pack.names[:3] == ["0001a", "0001b", "0002a"]


@pytest.mark.parametrize(
    ("form", "protocol"),
    [*((form, protocol) for form in ("bytes", "array") for protocol in range(6)), ("bytearray", 5)],
)
@pytest.mark.parametrize("truths", ["bool", "int", "numpy", "array"])
def test_every_form_of_entry(tmp_path, protocol, form, truths):
    kinds = {
        "bytes": bytes,
        "bytearray": bytearray,
        "array": lambda image: np.frombuffer(image, np.uint8).copy(),
    }
    same = {"bool": SAME, "int": [int(v) for v in SAME], "numpy": [np.bool_(v) for v in SAME],
            "array": np.array(SAME)}[truths]  # fmt: skip
    check(write(tmp_path / "pack.bin", ([kinds[form](i) for i in IMAGES], same), protocol))


def test_object_arrays_and_python_2(tmp_path):
    objects = np.empty(len(IMAGES), object)
    objects[:] = [np.frombuffer(image, np.uint8).copy() for image in IMAGES]
    check(write(tmp_path / "pack.bin", (objects, SAME)))
    (tmp_path / "old.bin").write_bytes(python2(IMAGES, SAME))
    check(tmp_path / "old.bin")


def test_arrays_of_python_2(tmp_path):
    stream = pickle.PROTO + b"\x02" + pickle.EMPTY_LIST + pickle.MARK
    stream += b"".join(python2_array(image) for image in IMAGES) + pickle.APPENDS
    stream += pickle.EMPTY_LIST + pickle.MARK
    stream += b"".join(pickle.NEWTRUE if value else pickle.NEWFALSE for value in SAME)
    stream += pickle.APPENDS + pickle.TUPLE2 + pickle.STOP
    (tmp_path / "old.bin").write_bytes(stream)
    first = pickle.loads(stream, encoding="bytes")[0][0]  # noqa: S301
    assert first.tobytes() == IMAGES[0], "the fixture should be what numpy reads"
    check(tmp_path / "old.bin")


def test_folds_are_ten_runs_of_the_pairs(tmp_path):
    from sklearn.model_selection import KFold

    pairs = read_pack(write(tmp_path / "pack.bin", (IMAGES, SAME))).pairs()
    for fold, (_, test) in enumerate(KFold(10, shuffle=False).split(np.zeros(PAIRS))):
        assert [row for row, pair in enumerate(pairs) if pair.fold == fold] == test.tolist()
    assert [pair.genuine for pair in pairs] == SAME
    assert (pairs[2].first, pairs[2].second) == ("0003a", "0003b")
    few = read_pack(write(tmp_path / "few.bin", (IMAGES[:4], SAME[:2])))
    with pytest.raises(DataError, match="too few for 10 folds"):
        few.pairs()


def test_chosen_images_keep_their_bytes(tmp_path):
    images = read_pack(write(tmp_path / "pack.bin", (IMAGES, SAME))).select(["0002a", "0012b"])
    assert [images.read(0), images.read(1)] == [IMAGES[2], IMAGES[-1]]
    assert images.template == "arcface"
    assert np.isnan(images.landmarks).all()
    assert images.landmarks.shape == (2, 5, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ((IMAGES[:-1], SAME), "23 images for 12 pairs"),
        (([], []), "0 images for 0 pairs"),
        ((IMAGES, SAME, SAME), "a list of images and a list of truth values"),
        (IMAGES, "a list of images and a list of truth values"),
        (([*IMAGES[:-1], "text"], SAME), "image 24 is a str"),
        (([*IMAGES[:-1], b"GIF89a"], SAME), "image 0012b.* not a JPEG"),
        (([*IMAGES[:-1], IMAGES[-1][:-9]], SAME), "image 0012b.* cut short"),
        ((IMAGES, [*SAME[:-1], 2]), "pair 12 is marked neither"),
        ((IMAGES, [*SAME[:-1], None]), "pair 12 is marked neither"),
        (([np.zeros(4, np.float64)] * 24, SAME), "type f8 are not allowed"),
        ((IMAGES, {"a": 1}), "EMPTY_DICT is not allowed"),
    ],
)
def test_what_is_no_pack_is_said(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        read_pack(write(tmp_path / "pack.bin", content))


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*gone.bin"):
        read_pack(tmp_path / "gone.bin")


class Runs:
    """Unpickled as usual, it would run a command."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("function", [os.system, subprocess.check_output, eval, getattr])
def test_a_hostile_pickle_is_refused_and_does_not_run(tmp_path, protocol, function):
    trace = tmp_path / "trace"
    command = f"open({str(trace)!r}, 'w')" if function is eval else f"touch {trace}"
    hostile = Runs(function, command, *(["upper"] if function is getattr else []))
    file = write(tmp_path / "pack.bin", ([*IMAGES[:-1], hostile], SAME), protocol)
    with pytest.raises(DataError, match="which is not allowed"):
        read_pack(file)
    assert not trace.exists()


def test_the_hostile_pickle_would_have_run(tmp_path):
    trace = tmp_path / "trace"
    pickle.loads(pickle.dumps(Runs(os.system, f"touch {trace}")))  # noqa: S301
    assert trace.exists()


@pytest.mark.parametrize(
    "stream",
    [
        b"\x80\x02]r\xff\xff\xff\x7f.",  # a memo index that would reserve 32 GiB
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",  # bytes of 8 EiB
        b"\x80\x02cbuiltins\nbytes\n\x8a\x05\x00\x00\x00\x00\x10\x85R.",  # bytes(64 GiB)
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nK\x00\x8a\x05\x00\x00\x00\x00\x10\x86R.",
        b"\x80\x02P1\n.",  # a persistent reference
        b"",
    ],
    ids=["memo", "length", "call", "array", "persistent", "empty"],
)
def test_streams_that_ask_for_too_much_end_at_once(tmp_path, stream):
    (tmp_path / "pack.bin").write_bytes(stream)
    begin = time.monotonic()
    with pytest.raises(DataError):
        read_pack(tmp_path / "pack.bin")
    assert time.monotonic() - begin < 2


def test_nested_lists_are_not_unfolded(tmp_path):
    """Thirty levels of ten references each would be 10^30 letters in a message."""
    level: list = []
    for _ in range(30):
        level = [level] * 10
    with pytest.raises(DataError, match="pair 12 is marked neither"):
        read_pack(write(tmp_path / "pack.bin", (IMAGES, [*SAME[:-1], level])))


def fuzz(path: Path, cases: int) -> int:
    """Truncate and flip bits; whatever is read must be clean. Returns how many were refused."""
    small = ([np.frombuffer(IMAGES[0], np.uint8).copy(), *IMAGES[1:4]], [True, np.bool_(False)])
    originals = [pickle.dumps(small, protocol) for protocol in range(6)]
    originals.append(python2(IMAGES[:4], SAME[:2]))
    rng = np.random.default_rng(7)
    refused = 0
    for _ in range(cases):
        data = bytearray(originals[rng.integers(len(originals))])
        if rng.random() < 0.3:
            data = data[: rng.integers(len(data))]
        for _ in range(rng.integers(1, 6) if data else 0):
            data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        try:
            assert len(read_pack(path)) == 2
        except DataError:
            refused += 1
    return refused


def test_damage_gives_clean_errors(tmp_path):
    assert fuzz(tmp_path / "pack.bin", 400) > 100


@pytest.mark.slow
def test_much_damage_gives_clean_errors(tmp_path):
    assert fuzz(tmp_path / "pack.bin", 10_000) > 2_500


def test_the_fixture_of_python_2_is_a_pickle():
    names = [op.name for op, _, _ in pickletools.genops(python2(IMAGES, SAME))]
    assert names.count("SHORT_BINSTRING") + names.count("BINSTRING") == len(IMAGES)
