"""Words under dotted keys are read as the component wants them that they are for."""

from __future__ import annotations

import pytest

from harness._plugins.discovery import load
from harness.recipe.inner_words import typed_inside
from harness.recipe.parameters import Word, build

FOLDER = {"source": Word("folder")}


@pytest.fixture(scope="module")
def registry():
    return load()


@pytest.mark.parametrize(
    ("key", "word", "value"),
    [
        ("source.root", "2024", "2024"),
        ("source.root", "1e3", "1e3"),
        ("source.root", "true", "true"),
        ("source.root", "2024-05-01", "2024-05-01"),
        ("source.landmarks", "007", "007"),
        ("source.template", "1.5", "1.5"),
        ("source.identities", "12", 12),
        ("source.folders", '["1", "2"]', ["1", "2"]),
        ("source.max_unreadable", "1e-3", 1e-3),
    ],
)
def test_a_path_is_text_also_inside(registry, key, word, value):
    provided = registry.find("generator", "digi2real")
    found = typed_inside(registry, provided, {**FOLDER, key: Word(word)})
    assert found[key] == value
    assert type(found[key]) is type(value)
    inner = build(provided, found).source_params
    assert inner == {key.partition(".")[2]: value}


def test_tools_and_models_are_asked_too(registry):
    provided = registry.find("generator", "digi2real")
    found = typed_inside(
        registry, provided,
        {"embedder": Word("onnx"), "embedder.path": Word("2024"), "embedder.width": Word("112")},
    )  # fmt: skip
    assert (found["embedder.path"], found["embedder.width"]) == ("2024", 112)


def test_values_of_a_file_and_unknown_components_stay(registry):
    provided = registry.find("generator", "digi2real")
    unknown = {"source": "no-such", "source.root": Word("7")}
    for values in ({**FOLDER, "source.root": 2024}, unknown):
        assert typed_inside(registry, provided, values) == values


def test_a_folder_of_digits_by_the_command(harness_command, tmp_path):
    given = ("plan", "-g", "digi2real", "-G", "source=folder", "-G", "pipeline=tiny")
    for place in ("-G", "--set"):
        key = "source.root" if place == "-G" else "generator.source.root"
        done = harness_command(*given, place, f"{key}=2024", check=3)
        assert "root=2024 does not exist" in done.stderr
