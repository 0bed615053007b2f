"""The first faces of a set are shown before the rest is made, and change no byte of it."""

from __future__ import annotations

import cv2
import pytest

from harness.engine.stages import first_faces
from harness.faces.store import FaceSet
from harness.store.artifacts import Store


def made(home):
    (item,) = Store(home).of_kind("faces")
    faces = FaceSet(item.folder)
    return [faces.read(index) for index in range(len(faces))]


@pytest.mark.parametrize("from_slots", [1, 10_000])
def test_they_are_shown_where_the_set_is_large(here, home, tmp_path, monkeypatch, from_slots):
    monkeypatch.setattr(first_faces, "FROM_SLOTS", from_slots)
    done = here("run", "-g", "toy-faces", "-j", "1")
    lines = done.stderr.splitlines()
    shown = [line for line in lines if "first faces: " in line]
    assert len(shown) == (from_slots == 1)
    if shown:
        path = tmp_path / shown[0].partition("first faces: ")[2]
        assert cv2.imread(str(path)).shape[0] > 2 * 112
        assert lines.index(shown[0]) < next(i for i, line in enumerate(lines) if "(100 %)" in line)
    assert any("contact sheet: study/media/sheet-" in line for line in lines)


def test_the_set_is_the_same_with_and_without(here, home, monkeypatch, tmp_path):
    monkeypatch.setattr(first_faces, "FROM_SLOTS", 1)
    here("run", "-g", "toy-faces", "-j", "1", "-q")
    with_them = made(home)
    monkeypatch.setenv("HARNESS_HOME", str(tmp_path / "other"))
    monkeypatch.setattr(first_faces, "FROM_SLOTS", 10_000)
    here("run", "-g", "toy-faces", "-j", "1", "-q")
    assert made(tmp_path / "other") == with_them


def test_a_set_that_fails_fails_by_itself(here, monkeypatch):
    monkeypatch.setattr(first_faces, "FROM_SLOTS", 1)
    said = here("run", "-g", "toy-faces", "-G", "fail=true", "-j", "1", check=1).stderr
    assert "first faces" not in said
