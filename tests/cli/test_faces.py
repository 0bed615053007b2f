"""``harness faces`` from outside, and sets that come back from an export byte by byte."""

from __future__ import annotations

import json
import shutil
import struct
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from harness.faces.source import read_names
from harness.faces.store import FaceSet
from harness.fileio.verified import sealed
from harness.store.artifacts import Store

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
MAKE = ("run", "-g", "toy-faces", "-G", "missing_every=5", "-G", "identities=5", "-j", "1", "-q")


@pytest.fixture
def made(harness_command):
    """Make a face set; returns its artifact."""

    def make(*args):
        before = {item.key for item in Store().of_kind("faces")}
        harness_command(*args)
        (item,) = [item for item in Store().of_kind("faces") if item.key not in before]
        return item

    return make


def images(item):
    """Images by identity number, in order; identities without images do not count."""
    faces = FaceSet(item.folder)
    found = {}
    for index, identity in enumerate(faces.subjects):
        found.setdefault(int(identity), []).append(faces.read(index))
    return list(found.values())


def plain_insightface(folder):
    """Label to images, as insightface's MXFaceDataset reads a folder; no split records here."""
    offsets = dict(line.split("\t") for line in (folder / "train.idx").read_text().splitlines())
    data = (folder / "train.rec").read_bytes()

    def read(key):
        at = int(offsets[str(key)])
        magic, length = struct.unpack_from("<II", data, at)
        assert magic == 0xCED7230A
        assert length < 1 << 29
        flag, label, *_ = struct.unpack_from("<IfQQ", data, at + 8)
        labels = struct.unpack_from(f"<{flag}f", data, at + 32) if flag else label
        return flag, labels, data[at + 32 + 4 * flag : at + 8 + length]

    flag, header, body = read(0)
    assert (flag, body) == (2, b"")
    found = {}
    for key in range(1, int(header[0])):
        _, label, image = read(key)
        found.setdefault(int(label), []).append(image)
    for rank, key in enumerate(range(int(header[0]), int(header[1]))):
        _, (start, end), body = read(key)
        assert body == b""
        assert [read(k)[2] for k in range(int(start), int(end))] == found[rank]
    return found


def test_imagefolder_comes_back_byte_by_byte(here, made, tmp_path):
    item = made(*MAKE)
    key = item.key[:8]
    here("faces", "export", key, "--format", "imagefolder", "-o", "out/faces")
    back = made("run", "-g", "folder", "-G", "root=out/faces", "-G", "landmarks=landmarks.txt",
                "-j", "1", "-q")  # fmt: skip
    assert images(back) == images(item)
    old, new = FaceSet(item.folder), FaceSet(back.folder)
    np.testing.assert_array_equal(old.landmarks, new.landmarks)
    assert new.meta(0)["source_image"] == "0000000/00000.png"
    # The same from a zip file, read in place.
    shutil.make_archive(str(tmp_path / "faces"), "zip", tmp_path / "out", "faces")
    again = made("run", "-g", "folder", "-G", "root=faces.zip", "-G", "template=arcface", "-j", "1",
                 "-q")  # fmt: skip
    assert images(again) == images(item)
    assert FaceSet(again.folder).template == "arcface"
    # A path is in no key: the set is found and made again from its new place.
    (tmp_path / "faces.zip").rename(tmp_path / "moved.zip")
    show = ("faces", "show", again.key[:8], "--identity", "1", "--sample", "2", "-o", "x.png")
    assert "-G root=PATH" in here(*show, check=3).stderr
    done = here(*show, "-G", "root=moved.zip")
    assert "equal to the stored image" in done.stdout
    assert (tmp_path / "x.png").read_bytes() == images(item)[1][2]
    (tmp_path / "moved.zip").write_bytes((tmp_path / "moved.zip").read_bytes() + b"\0")
    assert "not what the set was made from" in here(
        *show, "-G", "root=moved.zip", check=3
    ).stderr  # fmt: skip


def test_recordio_is_read_by_insightface_and_by_us(here, harness_command, made, tmp_path):
    item = made(*MAKE)
    here("faces", "export", item.key[:8], "--format", "recordio", "-o", "rec")
    assert (tmp_path / "rec/property").read_text() == "5,48,48\n"
    plain = plain_insightface(tmp_path / "rec")
    assert list(plain.values()) == images(item)
    assert list(plain) == list(range(5))
    # As a named data set, with its linked asset instead of a path.
    missing = harness_command("run", "-g", "casia-webface", "-j", "1", "-q", check=3)
    assert "harness assets link casia-webface PATH" in missing.stderr
    here("assets", "link", "casia-webface", "rec")
    back = made("run", "-g", "casia-webface", "-j", "1", "-q")
    assert images(back) == images(item)
    assert FaceSet(back.folder).template == "arcface"
    done = here("faces", "show", back.key[:8], "--identity", "4", "-o", "x.png")
    assert "equal to the stored image" in done.stdout


def test_parquet_and_webdataset_hold_the_same(here, made, tmp_path):
    item = made(*MAKE)
    faces = FaceSet(item.folder)
    stored = [faces.read(i) for i in range(len(faces))]
    here("faces", "export", item.key, "--format", "parquet", "-o", "pq")
    (path,) = (tmp_path / "pq").glob("*.parquet")
    rows = pq.read_table(path).to_pylist()
    assert [row["image"]["bytes"] for row in rows] == stored
    assert [row["identity"] for row in rows] == faces.subjects.tolist()
    assert [row["sample"] for row in rows] == faces.samples.tolist()
    np.testing.assert_array_equal(
        np.array([row["landmarks"] for row in rows], np.float32).reshape(-1, 5, 2), faces.landmarks
    )
    here("faces", "export", item.key, "--format", "webdataset", "-o", "wds")
    (path,) = (tmp_path / "wds").glob("*.tar")
    with tarfile.open(path) as archive:
        members = {m.name: archive.extractfile(m).read() for m in archive.getmembers()}
    assert [body for name, body in members.items() if name.endswith(".png")] == stored
    labels = [int(body) for name, body in members.items() if name.endswith(".cls")]
    assert labels == faces.subjects.tolist()
    facts = json.loads(members["0000001_00002.json"])
    assert (facts["identity"], facts["sample"], facts["box"]) == (1, 2, None)
    about = json.loads((tmp_path / "wds/faceset.json").read_text())
    assert about["faces"]["key"] == item.key
    assert about["images"] == len(faces)


def test_files_beside_the_images_come_from_the_generator(here, made, tmp_path):
    item = made(*MAKE)
    faces = FaceSet(item.folder)
    done = here("faces", "export", item.key, "--format", "toy", "-o", "out")
    assert f"{len(faces)} toy files of 5 identities" in done.stdout
    found = {path.relative_to(tmp_path / "out").as_posix(): path.read_text()
             for path in (tmp_path / "out").rglob("*.toy")}  # fmt: skip
    seed = item.manifest["parts"]["seed"]
    slots = list(zip(faces.subjects.tolist(), faces.samples.tolist(), strict=True))
    assert found == {f"{i}/{i}_{s}.toy": f"toy {seed} {i} {s}\n" for i, s in slots}
    done = here("faces", "export", item.key, "--format", "two", "-o", "both")
    assert f"{2 * len(faces)} two files of 5 identities" in done.stdout
    assert {path.read_bytes() for path in (tmp_path / "both").rglob("*-a.bin")} == {b"\xff"}
    assert len(list((tmp_path / "both").rglob("*-b.txt"))) == len(faces)
    again = here("faces", "export", item.key, "--format", "toy", "-o", "out", check=2)
    assert "is not empty" in again.stderr
    unknown = here("faces", "export", item.key, "--format", "rps", "-o", "new", check=2)
    assert "writes no rps files (it writes: toy, two)" in unknown.stderr
    assert not (tmp_path / "new").exists()


def test_an_export_never_overwrites(here, made, tmp_path):
    item = made(*MAKE)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    args = ("faces", "export", item.key, "--format", "parquet", "-o", "out")
    assert "is not empty" in here(*args, check=2).stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_list_stats_sheet_and_verify(here, made, tmp_path):
    item = made(*MAKE)
    assert item.key[:12] in here("faces", "list").stdout
    (row,) = json.loads(here("faces", "list", "--json").stdout)
    assert (row["key"], row["faces"], row["missing"], row["seed"]) == (item.key, 16, 4, 0)
    stats = json.loads(here("faces", "stats", item.key[:6], "--json").stdout)
    assert stats["images"] == 16
    assert stats["image_bytes"] == sum(len(data) for row in images(item) for data in row)
    assert stats["images_per_identity"] == {"min": 3, "median": 3.0, "mean": 3.2, "max": 4}
    assert stats["resolutions"] == {"48x48": 16}
    assert stats["missing_reasons"] == [
        {"text": "toy face is hidden", "count": 4, "example": "toy face is hidden"}
    ]
    assert "48x48 (16)" in here("faces", "stats", item.key[:6]).stdout
    here("faces", "sheet", item.key[:6], "-o", "s.jpg", "--rows", "3", "--columns", "2")
    assert cv2.imread(str(tmp_path / "s.jpg")).shape == (352, 280, 3)
    here("faces", "sheet", item.key[:6], "-o", "s.PNG", "--rows", "3", "--columns", "2")
    assert (tmp_path / "s.PNG").read_bytes().startswith(b"\x89PNG")
    assert "name a .jpg or .png" in here("faces", "sheet", item.key, "-o", "s.gif", check=2).stderr
    assert "16 images decoded, 0 damaged" in here("faces", "verify", item.key).stdout


def test_verify_finds_a_damaged_image(here, made, tmp_path):
    item = made(*MAKE)
    (shard, *_) = sorted(item.folder.glob("*.arrow"))
    data = bytearray(shard.read_bytes())
    end = data.find(b"IEND")
    data[end : end + 4] = b"XXXX"
    shard.write_bytes(data)
    done = here("faces", "verify", item.key, "-q", check=1)
    assert "16 images decoded, 1 damaged" in done.stdout
    assert "face 0/0: the PNG file is cut short or damaged" in done.stderr
    assert f"{shard} is altered: its SHA-256 is not that of the manifest" in done.stderr
    assert "files compared, 1 damaged" in done.stdout
    # The generator still knows what was there.
    show = ("faces", "show", item.key, "--identity", "0", "-o", "x.png")
    assert "DIFFERENT from the stored image" in here(*show, check=1).stdout
    assert cv2.imread(str(tmp_path / "x.png")).shape == (48, 48, 3)


def test_show_makes_one_image_again(here, made, tmp_path):
    item = made(*MAKE, "--seed", "3")
    show = ("faces", "show", item.key, "-o", "x.png")
    done = here(*show, "--identity", "2", "--sample", "1")
    assert "equal to the stored image" in done.stdout
    assert (tmp_path / "x.png").read_bytes() == images(item)[2][1]
    hidden = here(*show, "--identity", "1", "--sample", "3").stdout
    assert hidden == "no image: toy face is hidden; as in the set\n"
    assert "samples 0 to 3 of identity 2" in here(
        *show, "--identity", "2", "--sample", "4", check=2
    ).stderr  # fmt: skip
    assert "identities 0 to 4" in here(*show, "--identity", "5", check=2).stderr
    # Another seed is another image, and the difference is told.
    manifest = item.folder / "manifest.json"
    text = json.loads(manifest.read_text())
    text["parts"]["seed"] = 4
    manifest.write_text(json.dumps(sealed(text)))
    done = here(*show, "--identity", "2", "--sample", "1", check=1)
    assert "DIFFERENT" in done.stdout
    text["parts"]["component"]["version"] = 9
    manifest.write_text(json.dumps(sealed(text)))
    assert "made by version 9" in here(*show, "--identity", "2", check=3).stderr


def test_damaged_images_are_counted_up_to_a_share(here, harness_command, made, tmp_path):
    item = made(*MAKE)
    here("faces", "export", item.key, "--format", "imagefolder", "-o", "faces")
    bad = tmp_path / "faces/0000002/00001.png"
    bad.write_bytes(bad.read_bytes()[:-20])
    run = ("run", "-g", "folder", "-G", "root=faces", "-G", "template=arcface", "-j", "1")
    assert "max_unreadable=0.01" in harness_command(*run, check=1).stderr
    back = made(*run, "-G", "max_unreadable=0.1", "-q")
    assert back.facts["missing"] == 1
    assert FaceSet(back.folder).template == "arcface"
    (reason,) = back.facts["missing_reasons"]
    assert reason.startswith("0000002/00001.png: the PNG file is cut short")
    stats = json.loads(here("faces", "stats", back.key, "--json").stdout)
    assert stats["missing_reasons"][0]["text"].startswith("the PNG file is cut short")
    show = ("faces", "show", back.key, "--identity", "2", "--sample", "1", "-G", "root=faces")
    assert "as in the set" in here(*show, "-o", "x.png").stdout


def test_keys_that_are_unknown_or_ambiguous(here, made):
    made(*MAKE)
    made(*MAKE, "--seed", "1")
    assert "begins with 'zz'" in here("faces", "stats", "zz", check=2).stderr
    assert "2 face sets begin with ''" in here("faces", "stats", "", check=2).stderr


def test_namesakes_are_a_list_to_exclude(here, tmp_path):
    (tmp_path / "list_name.txt").write_text("50 Cent\nAda Lovelace\nAlan Turing\n")
    (tmp_path / "people.txt").write_text("3\nAda_Lovelace\t2\nGrace_Hopper\t1\n")
    done = here("faces", "namesakes", "list_name.txt", "--digits", "3", "--in", "people.txt",
               "-o", "exclude.txt")  # fmt: skip
    assert "1 of the 3 people of list_name.txt are also named in people.txt" in done.stdout
    assert read_names(tmp_path / "exclude.txt") == {"002"}
    failed = here("faces", "namesakes", "none.txt", "--in", "people.txt", "-o", "x", check=1)
    assert "cannot read none.txt" in failed.stderr
