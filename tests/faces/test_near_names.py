from __future__ import annotations

import unicodedata

import pytest

from harness.faces.near_names import NearNames, hint_among


@pytest.mark.parametrize(
    ("listed", "there", "what"),
    [
        ("Jos\u00e9/0.png", unicodedata.normalize("NFD", "Jos\u00e9") + "/0.png", "Unicode form"),
        (
            unicodedata.normalize("NFD", "\u00c5sa/\u00f6.jpg"),
            "\u00c5sa/\u00f6.jpg",
            "Unicode form",
        ),
        ("ann/1.JPG", "ann/1.jpg", "upper and lower case"),
        ("Ann/1.jpg", "ann/1.jpg", "upper and lower case"),
        ("ann/1.jpg", "ann/1.png", "ending"),
        ("ann/1.jpg", "ANN/1.PNG", "ending"),
        ("ann/1", "ann/1.png", "ending"),
        ("ann/ann_0001.jpg", "ann/ann_0001_0.png", "number"),
        ("ann/ann_0001.jpg", "ann/ann_1.jpg", "number"),
    ],
)
def test_a_name_that_differs_a_little_is_suggested(tmp_path, listed, there, what):
    path = tmp_path / there
    path.parent.mkdir()
    path.write_bytes(b"")
    near = NearNames(tmp_path)
    assert near.of(listed) == there
    assert repr(there) in near.hint(listed)
    assert what in near.hint(listed)
    assert what in hint_among(listed, [there, "other.png"])


@pytest.mark.parametrize(
    "name", ["ann/2.jpg", "bob/1.jpg", "../1.jpg", "/1.jpg", "", "ann/1_1.jpg"]
)
def test_other_names_are_not_suggested(tmp_path, name):
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "1.jpg").write_bytes(b"")
    assert NearNames(tmp_path).hint(name) == ""
    assert hint_among(name, ["ann/1.jpg"]) == ""


def test_two_candidates_are_none(tmp_path):
    for name in ("1.png", "01.png"):
        (tmp_path / name).write_bytes(b"")
    assert NearNames(tmp_path).of("001.jpg") is None
    assert hint_among("001.jpg", ["1.png", "01.png"]) == ""
