"""Pictures of a study: shown whole, or named as damaged; never another file."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import pytest

from harness.fileio import verified
from harness.reporting.sections import pictures

JPEG = b"\xff\xd8\xff\xe0 the rest"


@pytest.fixture
def study(tmp_path):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        (folder / "media").mkdir(parents=True)
    return SimpleNamespace(folders=folders, damaged=[])


def keep(study, number, content, name="sheet.jpg"):
    path = study.folders[number] / "media" / name
    path.write_bytes(content)
    return path


def test_a_picture_is_its_bytes_as_a_data_uri(study):
    keep(study, 0, JPEG)
    uri = pictures.picture(study, "sheet.jpg")
    head, _, body = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(body) == JPEG
    assert not study.damaged


def test_what_is_not_there_is_no_damage(study):
    assert pictures.picture(study, "sheet.jpg") == ""
    assert not study.damaged


def test_a_file_that_is_not_a_jpeg_is_named_and_the_next_folder_is_looked_at(study):
    wrong = keep(study, 0, b"<svg onload=...>")
    keep(study, 1, JPEG)
    assert pictures.picture(study, "sheet.jpg").startswith("data:image/jpeg")
    assert [(one.path, one.reason) for one in study.damaged] == [(wrong, "not a JPEG picture")]


def test_an_altered_file_is_named_and_not_shown(study):
    path = keep(study, 0, JPEG)
    verified.record(path)
    assert pictures.picture(study, "sheet.jpg")
    path.write_bytes(JPEG + b"!")
    assert pictures.picture(study, "sheet.jpg") == ""
    assert ["altered" in one.reason for one in study.damaged] == [True]


def test_a_link_out_of_the_study_is_not_followed(study, tmp_path):
    outside = tmp_path / "secret.jpg"
    outside.write_bytes(JPEG)
    (study.folders[0] / "media" / "sheet.jpg").symlink_to(outside)
    assert pictures.picture(study, "sheet.jpg") == ""
    assert len(study.damaged) == 1


def test_what_a_component_does_not_state_is_said(make):
    use = make.component("bfm", version=3).model_copy(
        update={"licence": "", "training_data": ["a", "b"]}
    )
    assert pictures.about(use) == [
        ("Provider", "made-up:bfm, version 3"), ("Licence", "not stated"), ("Citation", "none"),
        ("Made from", "a, b"),
    ]  # fmt: skip
    assert dict(pictures.about(make.component("bfm"))).keys() == {"Provider", "Licence", "Citation"}
