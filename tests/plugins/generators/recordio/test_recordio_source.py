"""RecordIO files as sets of identities: insightface's layout, im2rec's, and DCFace's."""

from __future__ import annotations

import struct
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from harness.errors import DataError, UsageError
from harness.faces.recordio import RecordFile, RecordWriter
from harness_plugins.generators.recordio.generator import RecordIo, RecordSource, find_rec
from harness_plugins.generators.recordio.params import DcFaceParams, RecordIOParams
from harness_plugins.generators.recordio.table import by_header, by_list, implausible


def png(value):
    return cv2.imencode(".png", np.full((4, 4, 3), value, np.uint8))[1].tobytes()


def write(path, rows, idx=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for key, labels, body in rows:
            writer.write(key, labels, body)
    if idx:
        path.with_suffix(".idx").write_text(writer.index_text())
    return path


def insightface(labels):
    """Rows as in insightface's train.rec: meta, images from 1, then one range per identity."""
    count, people = len(labels), sorted(set(labels))
    rows = [(0, (float(count + 1), float(count + 1 + len(people))), b"")]
    rows += [(1 + i, float(label), png(i)) for i, label in enumerate(labels)]
    rows += [(1 + count + i, (0.0, 0.0), b"") for i in range(len(people))]
    return rows


def opened(root, cls=RecordIOParams, **values):
    generator = RecordIo(cls(root=root, **values))
    kept = root / "kept"

    def artifact(name, parts, build):
        kept.mkdir(exist_ok=True)
        build(kept)
        return kept

    notes = []
    generator.ctx = SimpleNamespace(artifact=artifact, note=notes.append, seed=0)
    return generator.open(), notes


def content(source):
    return {
        name: [source.read(i, k).data for k in range(source.counts[i])]
        for i, name in enumerate(source.names)
    }


LABELS = [10, 2, 2, 10, 7, 7, 7]
EXPECTED = {"2": [png(1), png(2)], "7": [png(4), png(5), png(6)], "10": [png(0), png(3)]}


@pytest.mark.parametrize("idx", [True, False])
def test_insightface_layout(tmp_path, idx):
    write(tmp_path / "train.rec", insightface(LABELS), idx)
    source, notes = opened(tmp_path)
    assert list(source.names) == ["2", "7", "10"]
    assert content(source) == EXPECTED
    assert notes == []
    assert source.read(0, 0).name == "train.rec record 2"


def test_im2rec_layout_has_no_meta_record(tmp_path):
    write(tmp_path / "x.rec", [(k, float(label), png(k)) for k, label in enumerate(LABELS)])
    assert content(opened(tmp_path)[0]) == EXPECTED


def test_an_index_in_another_order_gives_the_same(tmp_path):
    path = write(tmp_path / "x.rec", insightface(LABELS))
    lines = path.with_suffix(".idx").read_text().splitlines(keepends=True)
    path.with_suffix(".idx").write_text("".join(reversed(lines)))
    assert content(opened(tmp_path)[0]) == EXPECTED


def test_an_image_that_holds_the_magic_is_joined(tmp_path):
    body = b"abcd" + struct.pack("<I", 0xCED7230A) + b"tail"
    rows = [(0, 1.0, body), (1, 1.0, png(1)), (2, 2.0, png(2)), (3, 2.0, png(3))]
    source, _ = opened(write(tmp_path / "x.rec", rows).parent)
    assert source.read(0, 0).data == body


def test_negative_labels_are_refused_or_left_out(tmp_path):
    write(tmp_path / "x.rec", insightface([0, 0, -1, 1, 1]))
    with pytest.raises(DataError, match=r"1 records with a negative label.*record 3 at offset"):
        opened(tmp_path)
    source, notes = opened(tmp_path, negative_labels="skip")
    assert content(source) == {"0": [png(0), png(1)], "1": [png(3), png(4)]}
    assert notes == ["1 records with a negative label were left out"]


@pytest.mark.parametrize("label", [0.5, float("nan"), float("inf")])
def test_labels_that_are_no_numbers_of_people_are_refused(tmp_path, label):
    write(tmp_path / "x.rec", [(0, 0.0, png(0)), (1, label, png(1))])
    with pytest.raises(DataError, match=r"offset \d+: the label .* not a whole number"):
        opened(tmp_path)


@pytest.mark.parametrize(("labels", "message"), [([3] * 5, "same label 3"), (range(5), "each of")])
def test_a_labelling_that_cannot_be_one_is_refused(tmp_path, labels, message):
    write(tmp_path / "x.rec", insightface([int(label) for label in labels]))
    with pytest.raises(DataError, match=message):
        opened(tmp_path)
    _, notes = opened(tmp_path, labels="header")  # asked for: allowed, but told
    assert message in notes[0]
    assert implausible(by_header(RecordFile(tmp_path / "x.rec"), "error"))


def dcface(root):
    """Headers say 0 for everybody; the list knows."""
    write(root / "record" / "file.rec", [(k, 0.0, png(k)) for k in range(4)])
    (root / "record" / "list.txt").write_text("0\t10/a.jpg\n1\t9/a.jpg\n2\t9/b.jpg\n3\t10/b.jpg\n")
    return root


def test_dcface_labels_come_from_the_list(tmp_path):
    dcface(tmp_path)
    expected = {"9": [png(1), png(2)], "10": [png(0), png(3)]}
    for cls in (DcFaceParams, RecordIOParams):
        source, _ = opened(tmp_path, cls)
        assert list(source.names) == ["9", "10"]
        assert content(source) == expected
    (tmp_path / "record/list.txt").unlink()
    with pytest.raises(DataError, match="labels=list needs it"):
        opened(tmp_path, DcFaceParams)
    with pytest.raises(DataError, match="same label 0"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 a/b.jpg\n", "line 1: expected index.* the line has no tab, only spaces"),
        ("0\ta\\b.jpg\n", "line 1: expected index.* write / between folders"),
        ("9" * 5000 + "\ta/b.jpg\n", "line 1: expected index"),
        ("\u0661\ta/b.jpg\n", "line 1: expected index"),
        ("0\ta.jpg\n", "line 1: expected index"),
        ("x\ta/b.jpg\n", "line 1: expected index"),
        ("0\ta/b.jpg\n0\ta/c.jpg\n", "line 2: record 0 is listed twice"),
        ("0\ta/b.jpg\n9\ta/c.jpg\n", "line 2: record 9 is not in the index"),
        ("\n", "is empty"),
    ],
)
def test_a_wrong_list_names_the_line(tmp_path, text, message):
    path = write(tmp_path / "x.rec", [(k, 0.0, png(k)) for k in range(3)])
    listing = tmp_path / "list.txt"
    listing.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        by_list(RecordFile(path), listing)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_list_and_an_index_however_they_are_saved(tmp_path, encoding):
    dcface(tmp_path)
    for name in ("list.txt", "file.idx"):
        path = tmp_path / "record" / name
        text = path.read_text(encoding="utf-8")
        path.write_text("\n" + text.replace("\n", "\r\n"), encoding=encoding, newline="")
    source, _ = opened(tmp_path, DcFaceParams)
    assert content(source) == {"9": [png(1), png(2)], "10": [png(0), png(3)]}


def test_records_that_the_list_leaves_out_are_told(tmp_path):
    dcface(tmp_path)
    (tmp_path / "record/list.txt").write_text("0\t1\t9/a.jpg\n1\t1\t9/b.jpg\n2\t0\t8/c.jpg\n")
    source, notes = opened(tmp_path, DcFaceParams)
    assert list(source.names) == ["8", "9"]
    assert notes == ["1 records are not in list.txt and are left out"]


def test_an_incomplete_index_is_refused(tmp_path):
    path = write(tmp_path / "x.rec", insightface(LABELS))
    lines = path.with_suffix(".idx").read_text().splitlines(keepends=True)
    path.with_suffix(".idx").write_text("".join(lines[:4] + lines[5:]))
    with pytest.raises(DataError, match="announces 7 images but the index lists 6"):
        opened(tmp_path)


def test_a_rounded_count_is_not_believed(tmp_path):
    # float32 cannot hold 16,777,217 and more; then images are the records with a body.
    rows = insightface(LABELS)
    rows[0] = (0, (2.0**24 + 4, 2.0**24 + 8), b"")
    write(tmp_path / "x.rec", rows)
    assert content(opened(tmp_path)[0]) == EXPECTED
    rows[0] = (0, (float("nan"), 1.0), b"")
    write(tmp_path / "x.rec", rows)
    with pytest.raises(DataError, match="images end at nan"):
        opened(tmp_path)


def test_finding_the_file(tmp_path):
    with pytest.raises(DataError, match="found none"):
        find_rec(tmp_path, None)
    write(tmp_path / "a.rec", insightface(LABELS))
    assert find_rec(tmp_path, None) == tmp_path / "a.rec"
    assert find_rec(tmp_path / "a.rec", None) == tmp_path / "a.rec"
    write(tmp_path / "b.rec", insightface(LABELS))
    with pytest.raises(DataError, match=r"found a\.rec, b\.rec"):
        find_rec(tmp_path, None)
    assert find_rec(tmp_path, "b.rec") == tmp_path / "b.rec"
    with pytest.raises(UsageError, match="-G root=DIR"):
        RecordIo(RecordIOParams()).open()


def damage(root, cases, seed):
    path = write(root / "x.rec", insightface(LABELS))
    rec, idx = path.read_bytes(), path.with_suffix(".idx").read_bytes()
    rng = np.random.default_rng(seed)
    refused = 0
    for case in range(cases):
        parts = [bytearray(rec), bytearray(idx)]
        part = parts[case % 3 == 0]
        if case % 2:
            del part[rng.integers(1, len(part)) :]
        for _ in range(rng.integers(1, 4)):
            part[rng.integers(len(part))] ^= 1 << rng.integers(8)
        path.write_bytes(parts[0])
        path.with_suffix(".idx").write_bytes(parts[1])
        try:
            file = RecordFile(path)
            source = RecordSource(file, by_header(file, "skip"))
            for identity, count in enumerate(source.counts):
                for number in range(count):
                    source.read(identity, number)
        except DataError as error:
            refused += 1
            assert "x.rec" in str(error) or "x.idx" in str(error)
    return refused


def test_random_damage_gives_only_data_errors(tmp_path):
    assert damage(tmp_path, 300, 0) > 100


@pytest.mark.slow
def test_random_damage_gives_only_data_errors_at_length(tmp_path):
    assert damage(tmp_path, 10_000, 1) > 2000
