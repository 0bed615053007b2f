"""RecordIO against a plain reader written from the description of the layout."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from harness.errors import DataError
from harness.faces.recordio import MAGIC, RecordFile, RecordWriter, read_index

WORD = struct.pack("<I", MAGIC)
BODIES = [
    b"",
    b"x",
    b"four",
    WORD,
    WORD + WORD,
    b"ab" + WORD + b"cd",  # not at a multiple of four: stays whole
    b"abcd" + WORD + b"rest" + WORD,
    b"abcd" + WORD + WORD + b"e",
]


def plain_records(data: bytes) -> dict[int, bytes]:
    """Offset to payload, read part by part."""
    found, at = {}, 0
    while at < len(data):
        start, payload = at, b""
        while True:
            magic, frame = struct.unpack_from("<II", data, at)
            assert magic == MAGIC
            kind, length = frame >> 29, frame & (2**29 - 1)
            payload += (WORD if kind in (2, 3) else b"") + data[at + 8 : at + 8 + length]
            at += 8 + (length + 3) // 4 * 4
            if kind in (0, 3):
                break
        found[start] = payload
    return found


def write(path, rows):
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for key, labels, body in rows:
            writer.write(key, labels, body)
    path.with_suffix(".idx").write_text(writer.index_text())
    return writer.index


def test_what_is_written_is_what_a_plain_reader_reads(tmp_path):
    path = tmp_path / "a.rec"
    rows = [(7 + i, float(i) if i % 2 else (1.5, float(i)), body) for i, body in enumerate(BODIES)]
    index = write(path, rows)
    plain = plain_records(path.read_bytes())
    assert list(plain) == [offset for _, offset in index]
    for (key, labels, body), (_, offset) in zip(rows, index, strict=True):
        several = isinstance(labels, tuple)
        head = struct.pack("<IfQQ", 2 if several else 0, 0.0 if several else labels, key, 0)
        more = struct.pack("<2f", *labels) if several else b""
        assert plain[offset] == head + more + body
        record = RecordFile(path).record(offset)
        assert record.body == body
        assert record.number == key
        assert record.labels == (labels if several else (labels,))
        assert record.array == several


def test_no_part_holds_the_magic_at_a_multiple_of_four():
    rng = np.random.default_rng(1)
    for _ in range(200):
        words = [WORD if rng.random() < 0.4 else rng.bytes(4) for _ in range(rng.integers(0, 9))]
        body = b"".join(words) + rng.bytes(int(rng.integers(0, 4)))
        file = io.BytesIO()
        RecordWriter(file).write(0, 0.0, body)
        data = file.getvalue()
        starts = [at for at in range(0, len(data), 4) if data[at : at + 4] == WORD]
        assert len(starts) == 1 + words.count(WORD)
        assert plain_records(data)[0][24:] == body


def test_walk_and_headers_agree_with_the_records(tmp_path):
    path = tmp_path / "a.rec"
    rows = [(i, float(i), body) for i, body in enumerate(BODIES)] + [(99, (3.0, 4.0), b"")]
    index = write(path, rows)
    rec = RecordFile(path)
    offsets = np.array([offset for _, offset in index])
    assert list(rec.offsets()) == offsets.tolist()
    heads = rec.headers(offsets[::-1])
    for row, offset in enumerate(offsets[::-1]):
        record = rec.record(int(offset))
        assert heads.labels[row] == record.labels[0]
        assert heads.body_bytes[row] == len(record.body)
        assert heads.arrays[row] == record.array
    keys, read = read_index(path.with_suffix(".idx"))
    assert list(zip(keys.tolist(), read.tolist(), strict=True)) == index


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "index"),
        ("1\tx\n", "index"),
        ("1 2\n", "index"),
        ("1\t2\t3\n", "index"),
        ("1\t0\n1\t8\n", "key 1 more than once"),
        ("1\t0\n2\t0\n", "offset 0 more than once"),
        ("-1\t0\n", "negative key"),
        ("1\t-4\n", "negative offset"),
    ],
)
def test_a_wrong_index_names_the_file(tmp_path, text, message):
    path = tmp_path / "a.idx"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as error:
        read_index(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cannot read"),
        (b"abc", "offset 0: the file ends"),
        (b"notmagic", "offset 0: no record begins"),
        (WORD + struct.pack("<I", 5) + b"abc", "offset 0: a record of 5 bytes runs over"),
        (WORD + struct.pack("<I", 4) + b"abcd", "offset 0: a record of 4 bytes has no header"),
        (WORD + struct.pack("<I", 3 << 29), "out of order"),
        (WORD + struct.pack("<I", 1 << 29), "offset 8: the file ends"),
        (
            WORD + struct.pack("<I", 24) + struct.pack("<IfQQ", 9, 0, 0, 0),
            "offset 0: a record of 24 bytes cannot hold 9 labels",
        ),
    ],
)
def test_damage_names_file_and_offset(tmp_path, data, message):
    path = tmp_path / "a.rec"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as error:
        RecordFile(path).record(0)
    assert str(path) in str(error.value)


def damage(path, cases, seed):
    rows = [(i, float(i), body * 3) for i, body in enumerate(BODIES)] + [(99, (3.0, 4.0), b"")]
    index = write(path, rows)
    whole = path.read_bytes()
    offsets = np.array([offset for _, offset in index])
    rng = np.random.default_rng(seed)
    refused = 0
    for case in range(cases):
        data = bytearray(whole[: rng.integers(1, len(whole))] if case % 2 else whole)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        path.write_bytes(data)
        rec = RecordFile(path)
        for call in (lambda r=rec: list(r.offsets()), lambda r=rec: r.headers(offsets),
                     lambda r=rec: [r.record(int(o)) for o in offsets]):  # fmt: skip
            try:
                call()
            except DataError as error:
                refused += 1
                assert "offset" in str(error)
    return refused


def test_random_damage_gives_only_data_errors(tmp_path):
    assert damage(tmp_path / "a.rec", 200, 0) > 100


@pytest.mark.slow
def test_random_damage_gives_only_data_errors_at_length(tmp_path):
    assert damage(tmp_path / "a.rec", 10_000, 1) > 4000
