"""``harness assets check``: what of a benchmark's data is missing, by file and line."""

from __future__ import annotations

import json
from itertools import combinations

import cv2
import pytest

from harness.cli.main import run

ASSETS = {"cfp-fp": "cfp", "cfp-ff": "cfp", "agedb-30": "agedb"}
BENCHMARKS = ("lfw", "xqlfw", "calfw", "cplfw", "cfp-fp", "cfp-ff", "agedb-30", "rfw", "multipie",
              "ijba", "ijbb", "ijbc", "tinyface")  # fmt: skip
SIZES = {
    "lfw": "pairs.txt lists 60 pairs, the official list has 6000",
    "rfw": "txts/Asian lists 60 pairs, the official list has 6000",
    "multipie": "session 1 has 20 subjects, the published Multi-PIE 249",
    "ijba": "split 1 has 144 comparisons, that of the published IJB-A 11,787",
    "ijbb": "the lists have 400 template pairs, the published IJB-B has 8,010,270",
    "ijbc": "the lists have 400 template pairs, the published IJB-C has 15,658,489",
    "tinyface": "Probe has 40 images, the published TinyFace 3,728",
}


@pytest.fixture
def ask(capsys):
    """Run ``harness assets`` in this process."""

    def ask(*args, code=0):
        assert run(["assets", *args]) == code
        return capsys.readouterr().out

    return ask


@pytest.fixture
def linked(ask, official, tmp_path):
    """A benchmark in its official layout, linked."""

    def link(name):
        root = official.write_official(tmp_path, [name]).roots[name]
        ask("link", ASSETS.get(name, name), str(root))
        return root

    return link


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_folder_with_absent_images_is_incomplete(ask, linked, name):
    root = linked(name)
    text = ask("check", name, code=3)
    assert SIZES.get(name, "the official list has") in text
    assert "licence: " in text
    assert "obtained from: " in text
    assert str(root) in text
    gone = sorted(path for path in root.rglob("*") if path.suffix in (".jpg", ".png"))
    if name == "multipie":  # what the folder does not hold is not listed anywhere
        for path in gone:
            path.rename(path.with_suffix(".txt"))
        assert "holds no image file" in ask("check", name, code=3)
        return
    for path in gone:
        path.unlink()
    (record,) = json.loads(ask("check", name, "--json", code=3))
    (found,) = record["benchmarks"]
    assert not found["complete"]
    assert found["benchmark"] == name


def test_what_is_missing_has_file_and_line(ask, linked):
    root = linked("lfw")
    (root / "lfw/Some_Body_0/Some_Body_0_0001.jpg").unlink()
    text = ask("check", "lfw", code=3)
    assert "lfw: incomplete, 1 findings" in text
    assert "pairs.txt, line 2: image Some_Body_0/Some_Body_0_0001.jpg is not in" in text
    for path in (root / "lfw").rglob("*.jpg"):
        path.unlink()
    text = ask("check", "lfw", code=3)
    assert "lfw: incomplete, 60 findings" in text
    assert "and 40 more; --json names all" in text
    (record,) = json.loads(ask("check", "lfw", "--json", code=3))
    assert len(record["benchmarks"][0]["missing"]) == 60


def test_every_absent_list_is_named(ask, linked):
    root = linked("ijba")
    for path in root.glob("*/split3/*.csv"):
        path.unlink()
    text = ask("check", "ijba", code=3)
    assert "ijba: incomplete, 4 findings" in text
    assert "search_gallery_3.csv: there is no such list" in text


def test_a_complete_folder(ask, linked, official):
    root = linked("lfw")
    lines = ["10\t300"]
    for fold in range(10):  # 25 images make 300 pairs of one person, 25 x 12 as many of two
        a, b = (f"Some_Body_{2 * fold + k}" for k in (0, 1))
        for name, count in ((a, 25), (b, 12)):
            for number in range(1, count + 1):
                path = root / f"lfw/{name}/{name}_{number:04}.jpg"
                assert cv2.imwrite(str(path), official.face(20 + fold, number + 25 * (name == b)))
        lines += [f"{a}\t{m}\t{n}" for m, n in combinations(range(1, 26), 2)]
        lines += [f"{a}\t{m}\t{b}\t{n}" for m in range(1, 26) for n in range(1, 13)]
    (root / "pairs.txt").write_text("\n".join(lines))
    assert "lfw: complete, 370 images" in ask("check", "lfw")
    image = root / "lfw/Some_Body_0/Some_Body_0_0001.jpg"
    image.write_bytes(image.read_bytes()[:-20])
    ask("check", "lfw")
    text = ask("check", "lfw", "--decode", code=3)
    assert "Some_Body_0_0001.jpg" in text


def test_an_asset_of_two_benchmarks_is_checked_for_both(ask, linked):
    linked("cfp-fp")
    text = ask("check", "cfp", code=3)
    assert "cfp-fp: incomplete" in text
    assert "cfp-ff: incomplete" in text


def test_benchmarks_that_need_no_data(ask):
    assert "needs no data of yours" in ask("check", "synthpie")


TRAINING_SETS = ("casia-webface", "ms1mv2", "dcface", "digiface1m", "webface260m", "sface",
                 "gandiffface", "disco", "idiff-face", "exfacegan", "syn2auth")  # fmt: skip


@pytest.mark.parametrize("name", [*TRAINING_SETS, "mtcnn"])
@pytest.mark.parametrize("content", ["a text file", "a pointer"])
def test_an_asset_that_nothing_can_be_read_from_is_exit_3(ask, tmp_path, name, content):
    folder = tmp_path / "data"
    folder.mkdir()
    if content == "a text file":
        (folder / "notes.txt").write_text("nothing to see\n")
    if content == "a pointer":
        for file in ("train.rec", "pnet.pt", "a.zip"):
            (folder / file).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    ask("link", name, str(folder))
    text = ask("check", name, code=3)
    assert str(folder) in text
    assert f"complete it, or: harness assets link {name} PATH" in text
    ask("check", code=3)


def test_a_link_to_nothing_is_exit_3_also_without_a_name(ask, tmp_path):
    folder = tmp_path / "data"
    (folder / "p1").mkdir(parents=True)
    (folder / "p1" / "1.jpg").write_bytes(b"x")
    ask("link", "sface", str(folder))
    folder.rename(tmp_path / "gone")
    assert f"sface: {folder} is gone; link it again" in ask("check", code=3)
    ask("check", "sface", code=3)


def test_what_is_not_there_cannot_be_linked(ask, tmp_path):
    (tmp_path / "dangling").symlink_to(tmp_path / "absent")
    for path in ("absent", "dangling"):
        ask("link", "lfw", str(tmp_path / path), code=2)
    assert ask("check", code=0).strip() == ""


def test_a_set_that_can_be_read_is_whole(ask, tmp_path):
    import cv2
    import numpy as np

    for person in ("a", "b"):
        (tmp_path / "data" / person).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "data" / person / "1.png"), np.zeros((112, 112, 3), np.uint8))
    ask("link", "sface", str(tmp_path / "data"))
    assert "nothing was found wrong" in ask("check", "sface")


@pytest.mark.parametrize("content", [b"", b"version https://git-lfs.github.com/spec/v1\n",
                                     b"<!DOCTYPE html><html>"])  # fmt: skip
def test_images_of_a_benchmark_that_were_not_downloaded_are_named(ask, linked, content):
    root = linked("lfw")
    image = root / "lfw/Some_Body_0/Some_Body_0_0001.jpg"
    image.write_bytes(content)
    text = ask("check", "lfw", code=3)
    assert "Some_Body_0/Some_Body_0_0001.jpg is" in text
    assert "download or copy it again" in text
