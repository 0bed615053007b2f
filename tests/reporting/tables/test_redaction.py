from __future__ import annotations

import tomllib

import pytest

from harness.reporting.tables import redaction

HIDDEN = [
    "/data/faces/lfw",
    "~/lfw",
    "../lfw",
    "./lfw",
    "C:\\Users\\me\\lfw",
    "\\\\host\\share\\lfw",
]


@pytest.mark.parametrize("path", HIDDEN)
def test_a_path_in_a_recipe_keeps_its_name_alone(path):
    escaped = path.replace("\\", "\\\\")
    text = f'[[benchmark]]\nuse = "lfw"\nroot = "{escaped}"  # flags\nmore = ["{escaped}"]\n'
    (found,) = tomllib.loads(redaction.recipe(text, set()))["benchmark"]
    assert found == {"use": "lfw", "root": "lfw", "more": ["lfw"]}


def test_a_relative_path_is_known_by_what_results_show():
    text = 'root = "sets/lfw"\npublished = "digi2real2024/5#a"\nuse = "acme:x"\n'
    found = tomllib.loads(redaction.recipe(text, {"lfw", "acme:x"}))
    assert found == {"root": "lfw", "published": "digi2real2024/5#a", "use": "acme:x"}


def test_values_of_results_are_found_at_any_depth(make):
    source = make.component("g", source={"root": "casia", "more": ["x"]}, n=3)
    assert {"casia", "x"} <= redaction.shown_values([make.result(source)])


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("cannot read /data/me/a.jpg: gone", "cannot read …/a.jpg: gone"),
        ('File "/home/a b/x.py", line 3', 'File "…/x.py", line 3'),
        ("at C:\\Users\\me\\f.txt", "at …/f.txt"),
        ("see https://example.org/a/b", "see https://example.org/a/b"),
        ("images/s and and/or km/h 1/2", "images/s and and/or km/h 1/2"),
    ],
)
def test_a_message_names_no_folder(said, kept):
    assert redaction.message(said) == kept
