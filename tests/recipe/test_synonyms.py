from __future__ import annotations

import re

import pytest

from harness.api import load
from harness.errors import UsageError
from harness.recipe.parameters import STUDY_WIDE, build, params_class
from harness.recipe.resolve import StudyTable
from harness.recipe.synonyms import SYNONYMS, meant


@pytest.fixture(scope="module")
def registry():
    return load()


@pytest.mark.parametrize(
    ("kind", "name", "key", "better"),
    [
        ("model", "mobilefacenet", "batch_size", "images_per_batch"),
        ("model", "facenet-nn4", "batch_size", "people_per_batch"),
        ("model", "iresnet50", "bs", "images_per_batch"),
        ("model", "iresnet50", "learning_rate", "lr"),
        ("model", "iresnet50", "learningRate", "lr"),
        ("model", "iresnet50", "num-epochs", "epochs"),
        ("model", "onnx", "model_path", "path"),
        ("generator", "bfm", "image_size", "image_px"),
        ("generator", "bfm", "num_identities", "identities"),
        ("generator", "bfm", "images", "images_per_id"),
        ("generator", "digi2real", "guidance_scale", "guidance"),
        ("generator", "folder", "data_dir", "root"),
        ("aligner", "mtcnn", "min_face", "min_face_px"),
        ("benchmark", "synthpie", "yaw", "yaws_deg"),
    ],
)
def test_what_people_type_is_understood(registry, kind, name, key, better):
    with pytest.raises(UsageError, match="has no parameter") as error:
        build(registry.find(kind, name), {key: 1})
    assert f"did you mean '{better}'" in str(error.value)
    assert len(str(error.value)) < 120


def test_the_length_of_a_training_has_two_names():
    assert meant("epochs", ["steps"]) == ["steps"]
    assert meant("epochs", ["epochs", "steps"]) == ["steps"]
    assert meant("num_epochs", ["epochs", "lr"]) == ["epochs"]


def test_a_name_without_a_synonym_is_left_to_its_spelling(registry):
    assert meant("identites", ["identities"]) == []
    with pytest.raises(UsageError, match="did you mean 'identities'"):
        build(registry.find("generator", "bfm"), {"identites": 1})
    with pytest.raises(UsageError, match=r"`harness show bfm` lists all \d+$"):
        build(registry.find("generator", "bfm"), {"zzz": 1})


def test_every_synonym_leads_to_a_parameter_of_a_component(registry):
    known = {name for each in registry.components for name in params_class(each).model_fields}
    for typed, names in SYNONYMS.items():
        assert known & {*names}, typed
        assert re.fullmatch(r"[a-z_]+", typed)


def test_settings_of_the_study_are_told_where_they_belong(here, tmp_path):
    (tmp_path / "r.toml").write_text('[[generator]]\nuse = "toy-faces"\nseed = 3\n')
    said = here("plan", "-c", "r.toml", check=2).stderr
    assert "r.toml:3" in said
    assert "it is a setting of the whole study: write seed into [study], or --seed N" in said
    said = here("plan", "-m", "toy-net", "-M", "repeats=3", "-g", "toy-faces", check=2).stderr
    assert "write repeats into [study], or --repeats N" in said
    assert set(STUDY_WIDE) <= set(StudyTable.model_fields)
