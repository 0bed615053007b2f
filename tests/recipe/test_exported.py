"""A set that `harness faces export` wrote says itself how it is aligned."""

from __future__ import annotations

import json

import pytest

from harness.api import load
from harness.errors import DataError
from harness.recipe.exported import with_stated
from harness.recipe.parameters import params_class


@pytest.fixture(scope="module")
def folder_params():
    return params_class(load().find("generator", "folder"))


@pytest.fixture
def exported(tmp_path):
    def write(template=None, *, landmarks=False):
        (tmp_path / "faceset.json").write_text(json.dumps({"template": template}))
        if landmarks:
            (tmp_path / "landmarks.txt").write_text("a/1.jpg 1 2 3 4 5 6 7 8 9 10\n")
        return {"root": str(tmp_path)}

    return write


def test_landmarks_and_template_come_from_the_export(folder_params, exported):
    given = exported(landmarks=True)
    assert with_stated(folder_params, given) == {**given, "landmarks": "landmarks.txt"}


def test_a_template_where_there_are_no_landmarks(folder_params, exported):
    assert with_stated(folder_params, exported("arcface"))["template"] == "arcface"


@pytest.mark.parametrize("own", [{"template": "arcface"}, {"landmarks": "mine.txt"}])
def test_what_the_user_gives_replaces_both(folder_params, exported, own):
    given = {**exported(landmarks=True), **own}
    assert with_stated(folder_params, given) == given


def test_other_folders_state_nothing(folder_params, tmp_path):
    given = {"root": str(tmp_path), "identities": 3}
    assert with_stated(folder_params, given) == given
    assert with_stated(folder_params, {}) == {}
    bfm = params_class(load().find("generator", "bfm"))
    assert with_stated(bfm, {"root": "x"}) == {"root": "x"}


@pytest.mark.parametrize("text", ["{", '{"template": 3}'])
def test_a_damaged_statement_is_named(folder_params, tmp_path, text):
    (tmp_path / "faceset.json").write_text(text)
    with pytest.raises(DataError, match=r"faceset\.json.*export the set again"):
        with_stated(folder_params, {"root": tmp_path})


def test_a_run_reads_the_landmarks_of_an_export(here, tmp_path):
    here("run", "-g", "toy-faces", "-o", "first", "-j", "1", "-q")
    key = here("faces", "list").stdout.split()[0]
    here("faces", "export", key, "--format", "imagefolder", "-o", "mine", "-q")
    assert (tmp_path / "mine" / "faceset.json").is_file()
    train = ("-m", "toy-net", "-M", "steps=2", "-b", "toy-pairs", "-j", "1", "-q")
    assert "toy-pairs" in here("run", "-g", "folder", "-G", "root=mine", *train).stdout
    # The same without what the export states: foreseen, before anything is made.
    (tmp_path / "mine" / "faceset.json").unlink()
    said = here("plan", "-g", "folder", "-G", "root=mine", *train[:-3], check=2).stderr
    assert "the images of folder come without landmarks and template" in said
    if (tmp_path / "mine" / "landmarks.txt").is_file():
        assert "-G folder.landmarks=landmarks.txt (which is there)" in said
    assert "-G folder.template=arcface" in said


def test_a_folder_that_is_named_as_a_generator(here, tmp_path):
    (tmp_path / "myfaces").mkdir()
    (tmp_path / "set.parquet").touch()
    said = here("plan", "-g", "myfaces", "-m", "toy-net", check=2).stderr
    assert "to use the folder of that name: -g folder -G root=myfaces" in said
    said = here("plan", "-g", "set.parquet", "-m", "toy-net", check=2).stderr
    assert "to use the file of that name: -g parquet -G root=set.parquet" in said
    said = here("plan", "-g", "folde", "-m", "toy-net", check=2).stderr
    assert "did you mean 'folder'?" in said
