"""``harness faces import``: sets of every layout come into the store with all they hold."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from harness.cli import main
from harness.faces.census import damaged
from harness.faces.face import Face, Missing, Slot
from harness.faces.store import FaceSet
from harness.store.artifacts import Store

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
MAKE = ("run", "-g", "toy-faces", "-G", "missing_every=5", "-G", "identities=5", "-j", "1", "-q")


@pytest.fixture
def made(here):
    """A stored set of five identities with landmarks and missing samples."""
    here(*MAKE)
    (item,) = Store().of_kind("faces")
    return item


@pytest.fixture
def bring(here):
    """Import; returns the artifact and what was said."""

    def run(path, *args, check=0):
        done = here("faces", "import", path, "-j", "1", "-q", *args, check=check)
        key = done.stdout.split()[0] if done.stdout else None
        found = [item for item in Store().of_kind("faces") if key and item.key.startswith(key)]
        return (found[0] if found else None), done

    return run


def contents(item):
    faces = FaceSet(item.folder)
    images = [faces.read(index) for index in range(len(faces))]
    labels = np.unique(faces.subjects, return_inverse=True)[1].tolist()
    return images, labels


SAME = ("lmdb", "recordio", "parquet", "webdataset")
LAYOUTS = {"imagefolder": "folder"} | {name: name for name in SAME}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_exported_set_comes_back(here, bring, made, layout):
    here("faces", "export", made.key, "--format", layout, "-o", "out", "-q")
    item, done = bring("out")
    assert contents(item) == contents(made)
    assert done.stdout == f"{item.key[:12]}  16 images of 5 identities, 0 missing\n"
    provider = item.manifest["parts"]["component"]["provider"]
    assert provider.endswith(f":{LAYOUTS[layout]}")
    old, new = FaceSet(made.folder), FaceSet(item.folder)
    if layout in ("lmdb", "recordio"):
        assert np.isnan(new.landmarks).all()  # the layout has no place for them
        assert new.template is None  # and nothing is made up
    else:
        np.testing.assert_array_equal(old.landmarks, new.landmarks)
    if layout in ("parquet", "webdataset"):
        for index in range(len(old)):
            kept = {**new.meta(index)}
            del kept["source_identity"], kept["source_image"]
            assert kept == old.meta(index)
    # It is found, not made again, and is used like any stored set: --finetune KEY.
    plan = ("plan", "-g", "toy-faces", "--finetune", item.key[:10], "-m", "toy-net", "-b")
    assert item.key[:10] in here(*plan, "toy-pairs").stdout
    assert bring("out")[0].manifest == item.manifest
    assert "16 images decoded, 0 damaged" in here("faces", "verify", item.key[:8], "-q").stdout
    show = here("faces", "show", item.key[:8], "--identity", "4", "-G", "root=out", "-o", "x.png")
    assert "equal to the stored image" in show.stdout


def write_set(folder, faces):
    """A stored set of these faces, as a generate stage leaves it."""
    from harness.faces.store import shard_path, write_shard

    folder.mkdir()
    write_shard(shard_path(folder, 0), faces)
    return FaceSet(folder)


def picture(value):
    import cv2

    return cv2.imencode(".png", np.full((9, 7, 3), value, np.uint8))[1].tobytes()


@pytest.mark.parametrize("layout", ["parquet", "webdataset"])
def test_box_template_and_metadata_are_kept(bring, tmp_path, layout):
    from harness.faces.export import export

    points = np.arange(10, dtype=np.float32).reshape(5, 2) / 3
    box = np.array([0.1, 1, 5, 6.7], np.float32)
    meta = {"yaw_deg": 1.5, "light": "left", "glasses": True, "none": None, "n": 3}
    faces = write_set(
        tmp_path / "set",
        [
            Face(Slot(0, 0), picture(1), points, box, "arcface", meta),
            Face(Slot(0, 1), picture(2), template="arcface"),
            Missing(Slot(0, 2), "hidden"),
            Face(Slot(3, 0), picture(3), None, box, "arcface"),
        ],
    )
    export(faces, layout, tmp_path / "out", {})
    item, _ = bring("out")
    back = FaceSet(item.folder)
    assert back.template == "arcface"
    assert contents(item)[0] == [picture(1), picture(2), picture(3)]
    assert back.subjects.tolist() == [0, 0, 1]
    np.testing.assert_array_equal(back.landmarks, faces.landmarks)
    np.testing.assert_array_equal(back.boxes, faces.boxes)
    assert {**back.meta(0)} == meta | {"source_identity": "0",
                                       "source_image": back.meta(0)["source_image"]}  # fmt: skip
    assert back.meta(2)["source_identity"] == "3"
    # A part of it, by the parameters that every reader has.
    part, _ = bring("out", "-G", "identities=1", "-G", "images_per_id=1")
    assert contents(part) == ([picture(1)], [0])


@pytest.mark.parametrize(
    ("layout", "name"),
    [
        ("imagefolder", "0000002/00001.png"),
        ("parquet", "faces-00000.parquet row 8"),
        ("webdataset", "faces-00000.tar sample 0000002_00001"),
        ("recordio", "train.rec record 9"),
    ],
)
def test_a_damaged_image_is_missing_and_named(here, bring, made, tmp_path, layout, name):
    faces = FaceSet(made.folder)
    bad = faces.read(faces.find(Slot(2, 1)))
    assert contents(made)[0].index(bad) == 8
    here("faces", "export", made.key, "--format", layout, "-o", "out", "-q")
    (path,) = [p for p in (tmp_path / "out").rglob("*") if p.is_file() and bad in p.read_bytes()]
    data = path.read_bytes()
    at = data.index(bad) + bad.index(b"IDAT") + 8
    path.write_bytes(data[:at] + bytes(b ^ 255 for b in data[at : at + 8]) + data[at + 8 :])
    _, done = bring("out", check=1)
    assert "max_unreadable=0.01" in done.stderr
    if layout == "parquet":  # a page holds several images, and its checksum is wrong
        assert "faces-00000.parquet row 0" in done.stderr
        return
    _, done = bring("out", "-G", "max_unreadable=0.1")
    assert done.stdout.endswith("15 images of 5 identities, 1 missing\n")
    assert f"harness: missing: {name}: " in done.stderr


def test_the_layout_is_told_by_the_files(here, bring, made, tmp_path):
    here("faces", "export", made.key, "--format", "webdataset", "-o", "out", "-q")
    (tmp_path / "out/b.parquet").write_bytes(b"")
    assert "parquet and webdataset; choose one" in bring("out", check=2)[1].stderr
    assert bring("out", "--format", "webdataset")[0].facts["faces"] == 16
    assert bring("out/faces-00000.tar")[0].facts["faces"] == 16
    (tmp_path / "notes.txt").write_text("x")
    assert "say how it is read: --format" in bring("notes.txt", check=2)[1].stderr
    assert "does not exist" in bring("nowhere", check=2)[1].stderr
    assert (
        "no parameter 'colour'" in bring("out/faces-00000.tar", "-G", "colour=1", check=2)[1].stderr
    )
    (tmp_path / "out/faceset.json").write_text("[")
    assert "faceset.json" in bring("out/faces-00000.tar", check=1)[1].stderr


def test_an_interrupted_import_goes_on(here, bring, made, monkeypatch):
    from harness.engine.stages import generate

    here("faces", "export", made.key, "--format", "parquet", "-o", "out", "-q")

    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(generate, "_facts", stopped)
        main.run(["faces", "import", "out", "-j", "1", "-q"])
    assert len(list(Store().of_kind("faces"))) == 1  # nothing half made is seen
    monkeypatch.setattr(generate, "write_shard", stopped)  # what is there is not made again
    item, _ = bring("out")
    assert contents(item) == contents(made)
    assert json.loads(here("faces", "list", "--json").stdout)[0]["faces"] == 16


def jpeg(seed):
    """A JPEG of some kilobytes, and the same with its middle never written."""
    noise = np.random.default_rng(seed).normal(128, 60, (120, 120, 3)).astype(np.float32)
    image = np.clip(cv2.GaussianBlur(noise, (0, 0), 0.7), 0, 255).astype(np.uint8)
    data = cv2.imencode(".jpg", image)[1].tobytes()
    third = len(data) // 3
    return data, data[:third] + bytes(third) + data[2 * third :]


def test_damaged_images_are_counted_when_they_come_in(bring, tmp_path):
    for number in range(4):
        whole, holed = jpeg(number)
        path = tmp_path / "set" / f"p{number // 2}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(holed if number == 3 else whole)
    assert "1 of 4 images are unreadable" in bring("set", check=1)[1].stderr
    item, done = bring("set", "-G", "max_unreadable=0.5")
    assert "3 images of 2 identities, 1 missing" in done.stdout
    (missing,) = FaceSet(item.folder).missing()
    assert missing.reason.startswith("p1/3.jpg: the JPEG image is damaged")


def test_damaged_images_of_a_stored_set_are_reported(here, tmp_path):
    """A set of before, when they were accepted."""
    folder = tmp_path / "old"
    whole, holed = jpeg(0)
    write_set(folder, [Face(Slot(0, k), data) for k, data in enumerate((whole, holed))])
    found = list(damaged(FaceSet(folder)))
    assert len(found) == 1
    assert "the JPEG image is damaged" in found[0]
