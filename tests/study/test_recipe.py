from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.study.recipe import Settings, read, resolve

GROUPS = {"pair": ["lfw", "calfw"]}


def accepts(kind, name, key):
    return key != "only_lfw" or name == "lfw"


def resolved(**values):
    return resolve(Settings(**values), GROUPS, accepts)


def test_flags_make_a_recipe():
    recipe = resolved(
        generators=("bfm",),
        models=("m",),
        benchmarks=("lfw",),
        params={"generator": (("identities", 10),)},
        study={"seed": 3},
    )
    assert recipe.generator[0].params() == {"identities": 10}
    assert recipe.study.seed == 3


def test_groups_are_spelt_out_and_a_named_parameter_reaches_one():
    recipe = resolved(
        models=("m",),
        benchmarks=("pair",),
        params={"benchmark": (("flip", "none"), ("lfw.root", "x"))},
    )
    assert [use.use for use in recipe.benchmark] == ["lfw", "calfw"]
    assert recipe.benchmark[0].params() == {"flip": "none", "root": "x"}
    assert recipe.benchmark[1].params() == {"flip": "none"}


def test_a_bare_parameter_reaches_those_that_have_it():
    recipe = resolved(models=("m",), benchmarks=("pair",), params={"benchmark": (("only_lfw", 1),)})
    assert recipe.benchmark[0].params() == {"only_lfw": 1}
    assert recipe.benchmark[1].params() == {}


def test_a_parameter_for_nothing_selected_is_refused():
    with pytest.raises(UsageError, match="sets a generator parameter but no generator"):
        resolved(models=("m",), params={"generator": (("identities", 10),)})


def test_flags_override_the_file_and_keep_its_parameters(tmp_path):
    file = tmp_path / "r.toml"
    file.write_text(
        '[study]\nseed = 1\nrepeats = 2\n[[generator]]\nuse = "bfm"\nidentities = 5\n'
        '[[generator]]\nuse = "other"\n[[model]]\nuse = "m"\n'
    )
    recipe = resolved(recipe=file, generators=("bfm",), study={"seed": 7, "limit": None})
    assert [g.use for g in recipe.generator] == ["bfm"]
    assert recipe.generator[0].params() == {"identities": 5}
    assert (recipe.study.seed, recipe.study.repeats) == (7, 2)
    assert [m.use for m in recipe.model] == ["m"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[studdy]\n", "unknown table 'studdy', did you mean 'study'"),
        ("[study]\nsed = 1\n", "unknown key 'sed', did you mean 'seed'"),
        ("[study]\nrepeats = 0\n", "study.repeats: .*greater than or equal to 1"),
        ("[[model]]\nname = 1\n", r"model\.0\.use: Field required"),
        ("[study\n", "is not TOML"),
    ],
)
def test_errors_name_file_and_key(tmp_path, text, message):
    file = tmp_path / "r.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=message) as error:
        read(file)
    assert "r.toml" in str(error.value)


def test_an_absent_recipe_is_named(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        read(tmp_path / "r.toml")
