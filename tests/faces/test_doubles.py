"""One person under two names: spelled alike, inside another, or with the same image."""

from __future__ import annotations

import unicodedata

import cv2
import numpy as np
import pytest

from harness.faces.doubles import copy_notes, folder_copy_notes, spelling_notes
from harness.faces.face import Face, Missing, Slot
from harness.faces.store import FaceSet, shard_path, write_shard

NFC, NFD = (unicodedata.normalize(form, "José") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["Ann", "ann", "Bo"], "Ann and ann differ in upper and lower case"),
        ([NFC, NFD], f"{NFC} and {NFD} differ in the Unicode form of its letters"),
        (["Ann", "Ann ", "Bo"], "Ann and 'Ann ' differ in blanks"),
        (["Ann_Lee", "ann lee"], "Ann_Lee and ann lee differ in blanks, _ or -"),
        (["7", "007", "70"], "7 and 007 differ in its number"),
        (["train/Ann", "train/ANN"], "train/Ann and train/ANN differ in upper"),
        (["STRASSE", "straße"], "STRASSE and straße differ in upper and lower case"),
    ],
)
def test_names_that_are_spelled_alike(names, said):
    (text,) = spelling_notes(names)
    assert text.startswith(f"2 of {len(names)} identities are spelled like another one ({said}")


def test_many_are_counted_and_a_few_named():
    (text,) = spelling_notes([*map(str, range(9)), *(f"0{k}" for k in range(9)), "00"])
    assert text.startswith(
        "19 of 19 identities are spelled like another one (0 and 00 differ in its num"
    )
    assert text.count(" differ in ") == 3
    assert "; ...)" in text


def test_an_identity_inside_another():
    (text,) = spelling_notes(["Ann", "Ann/more", "Ann/more/old", "Bo/more", "Annika"])
    assert text.startswith(
        "2 of 5 identities are folders inside another identity (Ann/more in Ann; "
    )


@pytest.mark.parametrize(
    "names",
    [["Ann", "Anna"], ["1", "10", "100"], ["a/1", "b/1"], ["Ann/1", "Ann/2"], ["Jose", "José"],
     ["1-23", "12-3"], ["0", "1"]],
)  # fmt: skip
def test_different_names_say_nothing(names):
    assert list(spelling_notes(names)) == []


def stored(folder, images, metas=None, per_shard=3):
    """A face set of rows (identity, bytes or None), in several shards."""
    folder.mkdir()
    rows = []
    for number, (identity, data) in enumerate(images):
        slot = Slot(identity, number)
        meta = metas[number] if metas else {}
        rows.append(Face(slot, data, meta=meta) if data else Missing(slot, "none"))
    for shard in range(-(-len(rows) // per_shard)):
        write_shard(shard_path(folder, shard), rows[shard * per_shard : (shard + 1) * per_shard])
    return FaceSet(folder)


def noise(seed, size=200):
    return np.random.default_rng(seed).bytes(size)


def test_the_same_bytes_under_two_identities_across_shards(tmp_path):
    images = [(0, noise(0)), (0, noise(1)), (1, None), (1, noise(2)), (2, noise(3)), (2, noise(0))]
    metas = [{"source_identity": f"p{i}", "source_image": f"p{i}/{k}.png"}
             for k, (i, _) in enumerate(images)]  # fmt: skip
    (text,) = copy_notes(stored(tmp_path / "a", images, metas))
    assert text.startswith(
        "2 images have the same bytes as an image of another one of the identities "
        "(p0/0.png and p2/5.png); one of the labels"
    )
    metas[0]["source_image"] = "train.rec record 1"
    assert "(p0: train.rec record 1 and p2/5.png)" in next(
        iter(copy_notes(stored(tmp_path / "b", images, metas)))
    )
    assert "(0/0 and 2/5)" in next(iter(copy_notes(stored(tmp_path / "c", images))))


def test_copies_of_one_identity_and_nearly_equal_images_say_nothing(tmp_path):
    first = noise(0)
    other = b"x" + first[1:]  # the same sketch, other bytes
    faces = stored(tmp_path / "a", [(0, first), (0, first), (1, other), (2, b"a"), (3, b"b")])
    assert faces.sketches()[0] == faces.sketches()[2]
    assert list(copy_notes(faces)) == []


def test_tiny_images_and_three_owners(tmp_path):
    faces = stored(tmp_path / "a", [(0, b"a"), (1, b"a"), (2, b"ab"), (3, b"a"), (4, b"b")])
    (text,) = copy_notes(faces)
    assert text.startswith("3 images have the same bytes")


def test_files_of_two_folders():
    content = {"a/1.png": "x", "a/2.png": "x", "b/1.png": "y", "b/2.png": "y", "c/1.png": "y"}
    (text,) = folder_copy_notes(content)
    assert text.startswith("3 images have the same bytes as an image of another one of the folders")


def test_import_embed_and_run_say_it_alike(harness_command, tmp_path):
    names = [
        "Ann/1.png",
        "ann/1.png",
        "Bo/1.png",
        "Bo/more/1.png",
        *(f"Cid/{k}.png" for k in range(6)),
    ]
    for number, name in enumerate(names):
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number % 9).integers(0, 256, (32, 32, 3))
        path.write_bytes(cv2.imencode(".png", pixels.astype(np.uint8))[1].tobytes())
    said = (
        "2 of 5 identities are spelled like another one (Ann and ann differ in upper",
        "1 of 5 identities are folders inside another identity (Bo/more in Bo)",
        "2 images have the same bytes as an image of another one of the ",
    )
    given = ("-G", "root=set", "-G", "template=arcface")
    made = harness_command("faces", "import", "set", *given[2:])
    embedded = harness_command("embed", "set", "-m", "toy-pixels", "--template", "arcface",
                               "-o", "x.npy")  # fmt: skip
    trained = harness_command("run", "-g", "folder", *given, "-m", "toy-net", "-M", "steps=1",
                              "-b", "toy-pairs", "-o", "study")  # fmt: skip
    for text in said:
        assert text in made.stdout + made.stderr
        assert text in embedded.stderr
        assert text in trained.stdout.replace("\\", "")
