"""Image files of a folder: which they are, and what is not among them."""

from __future__ import annotations

import os

import numpy as np
import pytest

from harness.errors import DataError
from harness.faces.files import ImageFiles, reason_against, search_images
from harness.faces.left_out import HIDDEN, OTHER, TIFF, LeftOut

MAGIC = {"jpeg": b"\xff\xd8\xff\xe0", "png": b"\x89PNG\r\n\x1a\n", "webp": b"RIFF\0\0\0\0WEBP",
         "bmp": b"BM", "pnm": b"P6\n"}  # fmt: skip


def make(root, **files):
    for name, content in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".bmp", ".webp", ".pgm", ".ppm"])
def test_files_of_these_suffixes_are_taken_unseen(suffix):
    assert reason_against(f"a{suffix}", pytest.fail) == ""


@pytest.mark.parametrize("suffix", ["", ".jfif", ".JPE", ".tif", ".tiff"])
@pytest.mark.parametrize("form", MAGIC)
def test_the_first_bytes_decide(suffix, form):
    assert reason_against(f"a{suffix}", lambda: MAGIC[form] + bytes(8)) == ""
    assert reason_against(f"a{suffix}", lambda: b"II*\0" + bytes(8)) == TIFF
    assert reason_against(f"a{suffix}", lambda: b"some text") == OTHER
    assert reason_against(f"a{suffix}", lambda: b"") == OTHER


@pytest.mark.parametrize("name", ["a.txt", "a.heic", "a.gif", "a.jpg.part", "a.npy"])
def test_other_suffixes_are_not_images(name):
    assert reason_against(name, lambda: MAGIC["png"]) == OTHER


def test_images_are_found_through_links_and_the_rest_is_counted(tmp_path):
    make(tmp_path / "elsewhere", **{"1.png": b"", "2.txt": b""})
    root = make(tmp_path / "data", **{"b__1.png": b"", "b__.cache__2.png": b"", "c.png": b""})
    (root / "a").symlink_to(tmp_path / "elsewhere")
    found = search_images(root)
    assert found.names == ["a/1.png", "b/1.png", "c.png"]
    assert found.left_out.counts() == {HIDDEN: 1, OTHER: 1}
    (note,) = found.left_out.notes("data")
    assert note == (
        "left out of data: 1 hidden (b/.cache); 1 not an image by suffix or first bytes (a/2.txt)"
    )


def test_a_folder_without_images_says_what_is_there(tmp_path):
    make(tmp_path, **{".a.png": b"", "b.tif": b"MM\0*"})
    with pytest.raises(
        DataError, match=r"no image file .*; left out: 1 hidden \(\.a\.png\); 1 in T"
    ):
        search_images(tmp_path)


def test_only_the_first_names_are_listed():
    left_out = LeftOut()
    for number in range(5):
        left_out.add(HIDDEN, f".{number}")
    assert left_out.sentence("") == "5 hidden (.0, .1, .2, ...)"
    assert list(LeftOut().notes("x")) == []


def test_names_that_are_not_utf8_are_read_and_shown(tmp_path):
    name = os.fsdecode(b"Jos\xe9.png")
    (tmp_path / name).write_bytes(b"image")
    images = ImageFiles(tmp_path, search_images(tmp_path).names)
    assert images.names == [r"Jos\xe9.png"]
    assert images.read(0) == b"image"


@pytest.mark.parametrize("name", [".a.png", "a/._1.png", "a/.cache/1.png", "__MACOSX/a/1.png"])
def test_hidden_images_are_refused(tmp_path, name):
    with pytest.raises(DataError, match="is hidden; rename it"):
        ImageFiles(tmp_path, ["a/1.png", name])
    assert len(ImageFiles(tmp_path, ["./a.png", "__init__/a.png"], boxes=np.zeros((2, 4)))) == 2
