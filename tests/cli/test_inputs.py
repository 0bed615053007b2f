"""What is read is what is keyed, and what is left out is said, by every command alike."""

from __future__ import annotations

import json
import os
import zipfile

import cv2
import numpy as np
import pytest

from harness.fileio.decoding import json_value
from harness.store.artifacts import Store

EMBED = ("-m", "toy-pixels", "--template", "arcface", "-o", "e.npy", "-q")
LEFT_OUT = (
    "2 hidden (0/._0.png, 1/.ipynb_checkpoints); "
    "1 in TIFF, which is not read: convert to PNG (0/3.tif); "
    "2 not an image by suffix or first bytes (0/notes.txt, 1/README)"
)


def encoded(value, suffix=".png"):
    return cv2.imencode(suffix, np.full((48, 48, 3), value, np.uint8))[1].tobytes()


def people(root, count=3, images=2):
    for person in range(count):
        folder = root / str(person)
        folder.mkdir(parents=True)
        for number in range(images):
            (folder / f"{number}.png").write_bytes(encoded(40 * person + number))
    return root


@pytest.fixture
def odd(tmp_path):
    """Five people, eleven images, and five files that are none."""
    root = people(tmp_path / "odd", 5)
    (root / "2" / "2.jfif").write_bytes(encoded(7, ".jpg"))
    (root / "0" / "._0.png").write_bytes(b"of a Mac")
    (root / "1" / ".ipynb_checkpoints").mkdir()
    (root / "1" / ".ipynb_checkpoints" / "0.png").write_bytes(encoded(9))
    (root / "0" / "3.tif").write_bytes(b"II*\0" + bytes(100))
    (root / "0" / "notes.txt").write_text("no image")
    (root / "1" / "README").write_text("no image")
    return root


def imported(here, what, *more):
    done = here("faces", "import", str(what), "-G", "template=arcface", "-j", "1", "-q", *more)
    return done.stdout.split()[0], done


def test_import_embed_and_run_take_the_same_files_and_say_what_is_left_out(here, odd, tmp_path):
    said = f"left out of odd: {LEFT_OUT}"
    key, done = imported(here, "odd")
    assert "11 images of 5 identities, 0 missing" in done.stdout
    assert f"harness: {said}\n" in done.stderr
    done = here("embed", "odd", *EMBED)
    assert "11 of 11 images embedded" in done.stdout
    assert f"harness: {said}\n" in done.stderr
    here("run", "-g", "folder", "-G", "root=odd", "-G", "template=arcface", "-m", "toy-net",
         "-M", "steps=1", "-b", "toy-pairs", "-q")  # fmt: skip
    (file,) = (tmp_path / "study" / "cells").glob("*/result.json")
    result = json.loads(file.read_text())
    assert any(said in warning for warning in result["warnings"])
    assert result["cell"]["generator"]["facts"]["faces"] == 11
    assert key in result["cell"]["generator"]["key"]


def test_the_same_rule_holds_in_a_zip_file(here, odd, tmp_path):
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        for path in sorted(odd.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(odd))
    _, done = imported(here, "odd.zip")
    assert "11 images of 5 identities, 0 missing" in done.stdout
    assert "2 hidden (odd.zip/0/._0.png, odd.zip/1/.ipynb_checkpoints/0.png)" in done.stderr
    assert "1 in TIFF" in done.stderr
    assert "2 not an image" in done.stderr


@pytest.mark.parametrize("made", ["people", "images", "chain"])
def test_links_are_the_files_they_lead_to(here, tmp_path, made):
    real, links = people(tmp_path / "real"), tmp_path / "links"
    links.mkdir()
    if made == "images":
        for person in real.iterdir():
            (links / person.name).mkdir()
            for image in person.iterdir():
                (links / person.name / image.name).symlink_to(image)
    else:
        for person in real.iterdir():
            (links / person.name).symlink_to(person)
    if made == "chain":
        (tmp_path / "outer").symlink_to(links)
        links = tmp_path / "outer"
    key, done = imported(here, links)
    assert "6 images of 3 identities" in done.stdout
    assert imported(here, real)[0] == key
    assert "6 of 6 images embedded" in here("embed", str(links), *EMBED).stdout


@pytest.mark.parametrize("layout", ["parquet", "webdataset", "zip"])
def test_packed_files_behind_links_are_read(here, tmp_path, layout):
    people(tmp_path / "p")
    if layout == "zip":
        (tmp_path / "out").mkdir()
        with zipfile.ZipFile(tmp_path / "out" / "a.zip", "w") as archive:
            for path in sorted((tmp_path / "p").glob("*/*.png")):
                archive.write(path, path.relative_to(tmp_path / "p"))
    else:
        here("faces", "export", imported(here, "p")[0], "--format", layout, "-o", "out", "-q")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "packed").symlink_to(tmp_path / "out")
    (tmp_path / "links" / "packed" / ".hidden.txt").write_text("no part of it")
    _, done = imported(here, "links")
    assert "6 images of 3 identities, 0 missing" in done.stdout
    assert "1 hidden (packed/.hidden.txt)" in done.stderr


def test_a_leak_search_sees_linked_people(here, tmp_path):
    """The bound of the search: all people of the benchmark, whichever folder was searched first."""
    real, links = people(tmp_path / "real", 5), tmp_path / "links"
    links.mkdir()
    for person in real.iterdir():
        (links / person.name).symlink_to(person)
    leak = ("leak", "-b", "toy-pairs", "-m", "toy-pixels", "--template", "arcface", "--fmr", "0.1",
            "-q", "--json")  # fmt: skip
    one, other = (json.loads(here(*leak, "--train", name).stdout) for name in ("links", "real"))
    assert one["training_images"] == other["training_images"] == 10
    assert one["training_identities"] == other["training_identities"] == 5


def test_links_that_cannot_be_followed_are_named(here, tmp_path):
    root = people(tmp_path / "real")
    (root / "gone").symlink_to(tmp_path / "nothing")
    for command in (("faces", "import", "real"), ("embed", "real", *EMBED)):
        done = here(*command, check=1)
        assert "gone is a broken symbolic link; fix or remove it" in done.stderr
    (root / "gone").unlink()
    (root / "1" / "loop").symlink_to(root)
    for command in (("faces", "import", "real"), ("embed", "real", *EMBED)):
        assert "1/loop is a link to a folder that it is inside of" in here(*command, check=1).stderr


@pytest.mark.parametrize("name", [b"Jos\xe9", b"\xff", b"new\nline", b"co:lon", b"back\\slash"])
def test_any_name_of_person_image_and_folder_works(here, tmp_path, name):
    name = os.fsdecode(name)
    root = people(tmp_path / f"{name}s")
    (root / "0").rename(root / name)
    (root / "1" / "0.png").rename(root / "1" / f"{name}.png")
    _, done = imported(here, root)
    assert "6 images of 3 identities, 0 missing" in done.stdout
    done = here("embed", str(root), *EMBED)
    assert "6 of 6 images embedded" in done.stdout
    assert len((tmp_path / "e.txt").read_text(encoding="utf-8").splitlines()) == 6
    done = here("run", "-g", "folder", "-G", f"root={root}", "-o", f"study-{name}", "-q")
    assert len(list(Store().of_kind("faces"))) == 2  # with and without a template


def test_results_and_failures_with_such_names_are_read_again(here, tmp_path):
    name = os.fsdecode(b"Jos\xe9")
    root = people(tmp_path / name)
    rows = [f"{p}/0.png,{q}/1.png,{int(p == q)},{p % 2}" for p in range(3) for q in range(3)]
    (root / "pairs.csv").write_text("\n".join(["first,second,genuine,fold", *rows, ""]))
    bench = ("-m", "toy-pixels", "-b", "pairs", "-B", "template=arcface", "-q", "-o", name)
    here("run", *bench, "-B", f"root={name}")
    (root / "pairs.csv").write_text("nothing\n")
    done = here("run", *bench, "-B", f"root={name}", check=1)
    assert r"Jos\xe9/pairs.csv" in done.stderr
    for file in (tmp_path / name).rglob("*.json*"):
        for line in (
            file.read_text().splitlines() if file.suffix == ".jsonl" else [file.read_text()]
        ):
            json_value(line)
    assert "damaged" not in here("report", name, "-o", "r").stderr


WORDS = ("2024", "true", "1e3", "2024-05-01", "007", "inf")


@pytest.mark.parametrize("word", WORDS)
def test_a_folder_may_be_called_like_a_number(here, tmp_path, word):
    people(tmp_path / word)
    here("run", "-g", "folder", "-G", f"root={word}", "-o", "s1", "-q")
    here("run", "-g", "folder", "--set", f"generator.folder.root={word}", "-o", "s2", "-q")
    here("run", "-g", "folder", "--sweep", f"generator.root={word}", "-o", "s3", "-q")
    here("plan", "-c", "s1/study.toml")
    (item,) = Store().of_kind("faces")
    assert item.facts["faces"] == 6


def test_a_study_may_be_called_like_a_number(here, tmp_path, monkeypatch):
    people(tmp_path / "p")
    monkeypatch.setenv("HARNESS_NAME", "2024")
    done = here("plan", "-g", "folder", "-G", "root=p", "--show-config")
    assert "2024" in done.stdout
    here("plan", "-g", "folder", "-G", "root=p", "--set", "study.name=1e3")


def test_zip_files_of_windows(here, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in (r"set\ann\1.png", r"set\ann\12:30.png", r"set\bob\1.png"):
            archive.writestr(name, encoded(len(name)))
    _, done = imported(here, "a.zip")
    assert "3 images of 2 identities, 0 missing" in done.stdout


def test_the_index_of_a_record_file_is_part_of_its_key(here, tmp_path):
    here("run", "-g", "toy-faces", "-G", "identities=3", "-j", "1", "-q")
    (item,) = Store().of_kind("faces")
    here("faces", "export", item.key, "--format", "recordio", "-o", "rec", "-q")
    key, _ = imported(here, "rec/train.rec")
    lines = (tmp_path / "rec" / "train.idx").read_text().splitlines()
    (tmp_path / "rec" / "list.txt").write_text(
        "".join(f"{n}\tperson{n % 2}/x.jpg\n" for n in range(1, len(lines) - 3))
    )
    other, done = imported(here, "rec/train.rec", "-G", "labels=list")
    assert "of 2 identities" in done.stdout
    assert other != key
    (tmp_path / "rec" / "list.txt").write_text("".join(
        f"{n}\tperson{n % 3}/x.jpg\n" for n in range(1, len(lines) - 3)))  # fmt: skip
    third, done = imported(here, "rec/train.rec", "-G", "labels=list")
    assert "of 3 identities" in done.stdout
    assert third not in (key, other)


@pytest.mark.parametrize("home", ["file", "file/home"])
def test_a_home_that_cannot_be_used_is_one_sentence(here, tmp_path, monkeypatch, home):
    people(tmp_path / "p")
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("HARNESS_HOME", str(tmp_path / home))
    done = here("faces", "import", "p", "-j", "1", "-q", check=3)
    assert done.stderr.count("\n") == 1
    assert "is not a folder" in done.stderr


def test_a_home_with_a_tilde_is_expanded(here, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("HARNESS_HOME", "~/data")
    imported(here, people(tmp_path / "p"))
    assert (tmp_path / "user" / "data" / "store" / "faces").is_dir()
    assert not (tmp_path / "~").exists()
    monkeypatch.setenv("HARNESS_HOME", "~nobody-of-this-name/data")
    assert "no such home folder" in here("faces", "list", check=2).stderr
