from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.recipe.project import project_file
from harness.recipe.resolve import Surroundings, read, resolve
from harness.recipe.run_options import RecipeFlags

GROUPS = {"pair": ["lfw", "calfw"]}


def accepts(kind, name, key):
    return key != "only_lfw" or name == "lfw"


def resolved(project=None, environ=None, **values):
    return resolve(
        RecipeFlags(**values), GROUPS, accepts, around=Surroundings(project, environ or {})
    )


def test_flags_make_a_recipe():
    recipe = resolved(
        generator=("bfm",),
        model=("m",),
        bench=("lfw",),
        params={"generator": (("identities", 10),)},
        seed=3,
    )
    assert recipe.generator[0].params() == {"identities": 10}
    assert recipe.study.seed == 3


def test_groups_are_spelt_out_and_a_named_parameter_reaches_one():
    recipe = resolved(
        model=("m",),
        bench=("pair",),
        params={"benchmark": (("flip", "none"), ("lfw.root", "x"))},
    )
    assert [use.use for use in recipe.benchmark] == ["lfw", "calfw"]
    assert recipe.benchmark[0].params() == {"flip": "none", "root": "x"}
    assert recipe.benchmark[1].params() == {"flip": "none"}


def test_a_bare_parameter_reaches_those_that_have_it():
    recipe = resolved(model=("m",), bench=("pair",), params={"benchmark": (("only_lfw", 1),)})
    assert recipe.benchmark[0].params() == {"only_lfw": 1}
    assert recipe.benchmark[1].params() == {}


def test_a_parameter_for_nothing_selected_is_refused():
    with pytest.raises(UsageError, match="sets a generator parameter but no generator"):
        resolved(model=("m",), params={"generator": (("identities", 10),)})


def test_flags_override_the_file_and_keep_its_parameters(tmp_path):
    file = tmp_path / "r.toml"
    file.write_text(
        '[study]\nseed = 1\nrepeats = 2\n[[generator]]\nuse = "bfm"\nidentities = 5\n'
        '[[generator]]\nuse = "other"\n[[model]]\nuse = "m"\n'
    )
    recipe = resolved(recipe=file, generator=("bfm",), seed=7, limit=None)
    assert [g.use for g in recipe.generator] == ["bfm"]
    assert recipe.generator[0].params() == {"identities": 5}
    assert (recipe.study.seed, recipe.study.repeats) == (7, 2)
    assert [m.use for m in recipe.model] == ["m"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[studdy]\n", "r.toml:1: unknown table 'studdy', did you mean 'study'"),
        ("[study]\nsed = 1\n", "r.toml:2: study has no key 'sed', did you mean 'seed'"),
        ("[study]\n\nrepeats = 0\n", "r.toml:3: repeats: .*greater than or equal to 1"),
        ("study = 1\n", "r.toml:1: study must be a table"),
        ("[[model]]\nname = 1\n", 'r.toml:1: a table of model needs use = "NAME"'),
        ('[model]\nuse = "m"\n', r"r.toml:1: model must be an array of tables, \[\[model\]\]"),
        (
            '[[model]]\nuse = "m"\n[[model.phases]]\nfacess = []\n',
            "r.toml:3: .*facess: unknown key, .* 'faces'",
        ),
        ('[[generator]]\nuse = "g"\n[sweep]\n"study.seed" = [1]\n', "r.toml:4: study cannot be"),
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


LAYERS = """
[study]
seed = 1
limit = 5

[[generator]]
use = "bfm"
identities = 5
label = "small"

[[model]]
use = "m"
epochs = 2

[[benchmark]]
use = "lfw"
"""


def layered(tmp_path, **values):
    project, file = tmp_path / "pyproject.toml", tmp_path / "r.toml"
    project.write_text(
        "[tool.harness.study]\nseed = 8\nrepeats = 8\ndevice = 'cpu'\nname = 'p'\n"
        "[[tool.harness.model]]\nuse = 'm'\nepochs = 9\nlr = 0.5\n"
        "[[tool.harness.benchmark]]\nuse = 'other'\n"
    )
    file.write_text(LAYERS)
    return resolved(recipe=file, project=project_file(tmp_path), **values)


def test_later_layers_lie_over_earlier_ones_and_values_remember_who_said_them(tmp_path):
    recipe = layered(
        tmp_path,
        environ={"HARNESS_SEED": "3", "HARNESS_DEVICE": "cuda", "HARNESS_LIMIT": "7"},
        device="auto",
        align=None,
    )
    study = recipe.study
    assert (study.name, study.repeats) == ("p", 8)  # project
    assert (study.seed, study.limit) == (3, 7)  # environment over recipe over project
    assert study.device == "auto"  # flag over all
    said = {key: value.rpartition("/")[2] for key, value in study.origins.items()}
    assert said == {
        "name": "pyproject.toml:5",
        "repeats": "pyproject.toml:3",
        "seed": "environment HARNESS_SEED",
        "limit": "environment HARNESS_LIMIT",
        "device": "flag --device",
    }
    # A list replaces a list; an entry keeps what the same component said below.
    assert [use.use for use in recipe.benchmark] == ["lfw"]
    assert recipe.model[0].params() == {"epochs": 2, "lr": 0.5}
    assert recipe.model[0].origins["lr"].endswith("pyproject.toml:9")
    assert recipe.model[0].origins["epochs"].endswith("r.toml:13")


def test_set_reaches_any_table_by_name_or_label(tmp_path):
    recipe = layered(
        tmp_path,
        params={"generator": (("identities", 6),)},
        values=(
            ("study.seed", 4),
            ("generator.small.identities", 7),
            ("model.epochs", 3),
            ("benchmark.lfw.root", "x"),
        ),
    )
    assert recipe.study.seed == 4
    assert recipe.generator[0].params()["identities"] == 7
    assert recipe.generator[0].origins["identities"] == "flag --set generator.small.identities"
    assert recipe.model[0].params()["epochs"] == 3
    assert recipe.benchmark[0].params() == {"root": "x"}


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (("modle.epochs", 3), "does not begin with a table, did you mean 'model'"),
        (("model", 3), "names no key; write model.KEY"),
        (("study.sed", 3), "--set study.sed: study has no key 'sed', did you mean 'seed'"),
        (("study.repeats", 0), "--set study.repeats: repeats: .*greater than or equal to 1"),
        (("model.label", "x"), "'label' is not a parameter; use --label"),
        (("aligner.factor", 1), "needs an aligner"),
        (
            ("model.only_lfw.a", 1),
            "'only_lfw' is neither a model that is selected nor a parameter of one",
        ),
    ],
)
def test_a_set_that_reaches_nothing_is_refused(tmp_path, sets, message):
    with pytest.raises(UsageError, match=message):
        layered(tmp_path, values=(sets,))


def test_sweeps_make_a_grid_with_labels(tmp_path):
    recipe = layered(
        tmp_path,
        sweep=(("generator.alpha", [1, 2]), ("generator.small.noise", [0.5, 0.25, 0.125])),
    )
    made = [(g.params()["alpha"], g.params()["noise"], g.label) for g in recipe.generator]
    assert made[:2] == [
        (1, 0.5, "small alpha=1, noise=0.5"),
        (1, 0.25, "small alpha=1, noise=0.25"),
    ]
    assert len({g.label for g in recipe.generator}) == len(made) == 6
    assert recipe.generator[0].params()["identities"] == 5


def test_a_sweep_of_the_file_gives_way_to_the_flag(tmp_path):
    file = tmp_path / "r.toml"
    file.write_text('[[model]]\nuse = "m"\n[sweep]\n"model.lr" = [1, 2]\n"model.steps" = [5]\n')
    recipe = resolved(recipe=file, sweep=(("model.lr", [3]),))
    assert [m.params() for m in recipe.model] == [{"lr": 3, "steps": 5}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[sweep]\n"model.lr" = [1]\n', "no model is selected"),
        ('[[model]]\nuse = "m"\n[sweep]\n"model.lr" = 1\n', "r.toml:4: .* needs a list"),
    ],
)
def test_a_sweep_of_nothing_is_refused(tmp_path, text, message):
    file = tmp_path / "r.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=message):
        read(file)


PROFILE = (
    LAYERS
    + """
[[model]]
use = "n"
label = "second"
published = "p/1#x"
epochs = 1
[[model.phases]]
[[model.phases.faces]]
use = "bfm"
take = { identities = 3 }

[aligner]
use = "mtcnn"

[profile.tiny]
aligner = { use = "none" }
study = { limit = 2 }
benchmark = [{ use = "synthpie" }]
[profile.tiny.generator.bfm]
identities = 4
[profile.tiny.generator.small]
images_per_id = 2
[profile.tiny.model.second]
use = "q"
steps = 3
[profile.empty]
"""
)


def test_a_profile_changes_entries_wherever_they_are(tmp_path):
    file = tmp_path / "r.toml"
    file.write_text(PROFILE)
    recipe = read(file, "tiny")
    assert recipe.profile == "tiny"
    assert (recipe.study.seed, recipe.study.limit) == (1, 2)
    assert recipe.aligner is None
    assert [use.use for use in recipe.benchmark] == ["synthpie"]
    assert recipe.generator[0].params() == {"identities": 4, "images_per_id": 2}
    first, second = recipe.model
    assert first.params() == {"epochs": 2}
    # Another component: its parameters go, what says where it belongs stays.
    assert (second.use, second.label, second.published) == ("q", "second", "p/1#x")
    assert second.params() == {"steps": 3}
    (faces,) = second.phases[0].faces
    assert (faces.params(), faces.take.identities) == ({"identities": 4}, 3)
    assert read(file).model[1].use == "n"
    assert read(file, "empty").study.limit == 5


@pytest.mark.parametrize(
    ("profile", "more", "message"),
    [
        ("tiney", "", "no profile 'tiney', did you mean 'tiny'"),
        ("tiny", "[profile.tiny.model.secnd]\nx = 1\n", "no model is 'secnd' .* mean 'second'"),
        ("tiny", "[profile.tiny.sweep]\nx = 1\n", "a profile has no table 'sweep'"),
        ("bad", "[profile.bad]\nmodel = { n = 1 }\n", "must be a table of a component or label"),
        ("bad", "[profile.bad]\nmodel = 1\n", "model must be a table or an array"),
    ],
)
def test_a_profile_that_reaches_nothing_is_refused(tmp_path, profile, more, message):
    file = tmp_path / "r.toml"
    file.write_text(PROFILE + more)
    with pytest.raises(UsageError, match=message):
        read(file, profile)


def test_a_profile_is_of_a_recipe():
    with pytest.raises(UsageError, match="add -c FILE"):
        resolved(profile="tiny")


def test_a_label_that_holds_a_comma_is_selected_whole(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text(
        '[[model]]\nuse = "m"\nlabel = "one, then two"\n[[model]]\nuse = "m"\nlabel = "one"\n'
        '[[benchmark]]\nuse = "lfw"\n'
    )

    def labels(*said):
        return [use.label for use in resolved(recipe=path, model=said).model]

    assert labels("one, then two") == ["one, then two"]
    assert labels("one, then two", "one") == ["one, then two", "one"]
    assert labels("one,one, then two") == ["one", "one", None]
    assert [use.use for use in resolved(model=("m, n",), bench=("lfw",)).model] == ["m", "n"]
    assert labels(" , ") == labels()
