"""A profile overrides a recipe: its tables, its entries by component or label, its lists."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.recipe.resolve import read

BASE = """
[study]
seed = 1
limit = 9
[[generator]]
use = "g"
size = 3
[[model]]
use = "m"
label = "mine"
published = "a/b#c"
lr = 1
[[model.phases]]
[[model.phases.faces]]
use = "g"
take = {images = 4}
size = 5
[[model]]
use = "n"
lr = 2
[[benchmark]]
use = "b"
[aligner]
use = "a"
"""


@pytest.fixture
def chosen(tmp_path):
    def read_with(profile, base=BASE):
        file = tmp_path / "r.toml"
        file.write_text(base + profile)
        return read(file, "p")

    return read_with


def test_its_study_lies_over_that_of_the_recipe_key_by_key(chosen):
    made = chosen("[profile.p.study]\nlimit = 2\n")
    assert (made.study.seed, made.study.limit) == (1, 2)
    assert made.profile == "p"


@pytest.mark.parametrize("table", ["aligner", "executor"])
def test_its_tools_replace_those_of_the_recipe(chosen, table):
    made = getattr(chosen(f"[profile.p.{table}]\nuse = 'z'\nx = 1\n"), table)
    assert (made.use, made.params()) == ("z", {"x": 1})


def test_an_entry_is_reached_by_component_or_label_also_in_phases(chosen):
    made = chosen("[profile.p.generator.g]\nsize = 1\n[profile.p.model.mine]\nlr = 8\n")
    assert made.generator[0].params() == {"size": 1}
    faces = made.model[0].phases[0].faces[0]
    assert (faces.params(), faces.take.images) == ({"size": 1}, 4)
    assert [model.params()["lr"] for model in made.model] == [8, 2]


def test_another_component_keeps_what_an_entry_is_called_and_takes_but_no_parameters(chosen):
    made = chosen("[profile.p.model.m]\nuse = 'z'\nsteps = 2\n[profile.p.generator.g]\nuse = 'h'\n")
    model, faces = made.model[0], made.model[0].phases[0].faces[0]
    assert (model.use, model.label, model.published) == ("z", "mine", "a/b#c")
    assert model.params() == {"steps": 2}
    assert len(model.phases) == 1
    assert (faces.use, faces.take.images, faces.params()) == ("h", 4, {})


def test_the_same_component_said_again_keeps_its_parameters(chosen):
    made = chosen("[profile.p.model.n]\nuse = 'n'\nsteps = 2\n")
    assert made.model[1].params() == {"lr": 2, "steps": 2}


def test_a_list_replaces_the_list(chosen):
    made = chosen("[[profile.p.benchmark]]\nuse = 'c'\n[[profile.p.benchmark]]\nuse = 'd'\n")
    assert [use.use for use in made.benchmark] == ["c", "d"]
    assert [use.use for use in made.model] == ["m", "n"]


def test_models_of_a_profile_are_there_before_its_face_sets_are_reached(chosen):
    made = chosen(
        "[[profile.p.model]]\nuse = 'q'\n[[profile.p.model.phases]]\n"
        "faces = [{use = 'k'}]\n[profile.p.generator.k]\nsize = 7\n"
    )
    assert made.model[0].phases[0].faces[0].params() == {"size": 7}


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("[profile.p.sweep]\n", r"r.toml:\d+: a profile has no table 'sweep'"),
        ("[profile.p.studdy]\n", r"a profile has no table 'studdy', did you mean 'study'"),
        ("[profile.p]\nstudy = 1\n", r"study must be a table"),
        ("[profile.p]\nmodel = 1\n", r"r.toml:\d+: model must be a table or an array"),
        ("[profile.p.model]\nm = 1\n", r"\[profile.p.model.WHICH\] must be a table"),
        ("[profile.p.model.mime]\nlr = 1\n", r"no model is 'mime' by component or label.*'mine'"),
        ("[profile.p.benchmark.g]\nx = 1\n", r"no benchmark is 'g'"),
    ],
)
def test_what_it_does_not_reach_is_refused(chosen, profile, message):
    with pytest.raises(UsageError, match=message):
        chosen(profile)
