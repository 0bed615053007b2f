"""What the stages of one run share: opened components, seeds, limits."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.cli.main import run
from harness.faces.store import FaceSet

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
READY = ("-m", "toy-pixels", "-b", "toy-pairs")
WRONG = """
from harness.plugin import Component, Params, hookimpl

class WrongParams(Params):
    "None."

class Wrong:
    def __init__(self, params):
        pass

@hookimpl
def harness_components():
    more = {"summary": "s", "licence": "MIT", "citation": "none", "version": 1,
            "params": f"{__name__}:WrongParams", "kind": "model"}
    return [Component(name="wrong", target=f"{__name__}:Wrong", **more),
            Component(name="gone", target="no_such_package.inside:Gone", **more)]
"""


@pytest.fixture
def prepared(monkeypatch, ran):
    """Parameters of every benchmark that is prepared."""
    ran("-g", "toy-faces", "-G", "identities=2", "-G", "images_per_id=1")  # loads the toys
    toys = sys.modules["harness_file_toys"]
    prepare, heard = toys.ToyPairs.prepare, []

    def noted(self, ctx):
        heard.append(self.params.flip)
        prepare(self, ctx)

    monkeypatch.setattr(toys.ToyPairs, "prepare", noted)
    return heard


def test_a_benchmark_is_opened_once_for_each_choice_of_parameters(ran, prepared):
    ran(*READY, "--sweep", "model.noise=0,1")
    assert prepared == ["none"]
    ran(*READY, "--sweep", "benchmark.flip=none,sum")
    assert prepared == ["none", "sum"]  # what the first run scored is not opened again


def test_what_a_benchmark_notes_stands_in_every_result_of_it(ran):
    ran(*READY, "--sweep", "model.noise=0,1")
    assert [result.warnings for result in ran.results()] == [["toy pairs are not people"]] * 2


def test_repeats_are_trained_from_seeds_of_their_own(ran):
    ran("-g", "toy-faces", "-m", "toy-net", "-M", "steps=1", "-b", "toy-pairs", "--repeats", "2")
    weights = {path.read_bytes() for path in ran.home.glob("store/models/*/*/weights.safetensors")}
    assert len(weights) == 2
    assert sorted(result.seed["repeat"] for result in ran.results()) == [0, 1]


def test_a_limit_is_for_what_is_trained_on_and_leaves_test_images_whole(ran):
    ran("-g", "toy-faces", "-m", "toy-net", "-M", "steps=1", "-b", "toy-pairs", "--limit", "3")
    sets = {item.facts["identities"]: FaceSet(item.folder) for item in (
        ran.stored("faces", seed=0), ran.stored("faces", seed=99))}  # fmt: skip
    assert {count: len(faces) for count, faces in sets.items()} == {3: 12, 8: 32}
    assert ran.results()[0].limited == 3


@pytest.mark.parametrize(
    ("model", "code", "message"),
    [
        ("wrong", 2, "model wrong of wrong is a Wrong, which does not derive from Model"),
        ("gone", 3, "no_such_package"),
    ],
)
def test_a_component_that_is_none_is_named(ran, tmp_path, capsys, model, code, message):
    plugin = tmp_path / "wrong.py"
    plugin.write_text(WRONG)
    words = ["--plugins-dir", str(plugin), "--plugins-dir", str(TOYS), "run", "-m", model,
             "-b", "toy-pairs", "-j", "1", "-q", "-o", str(ran.study)]  # fmt: skip
    assert run(words) == code
    assert message in capsys.readouterr().err


def test_a_model_without_weights_says_how_to_get_some(ran, capsys):
    ran("-m", "toy-net", "-b", "toy-pairs", check=2)
    assert "model toy-net has no weights; train it with --generator NAME" in capsys.readouterr().err
