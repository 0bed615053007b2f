"""The recipes of published tables: what they say, what they would run, and that smoke runs it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.plan.planner import Planner
from harness.plan.published_refs import linked, measure_of
from harness.published import records
from harness.recipe.json_schema import schema
from harness.recipe.run_options import RecipeFlags
from harness.results.plan_file import read_plan
from harness.store.artifacts import Store

RECIPES = Path(__file__).parents[2] / "recipes"
FILES = sorted(RECIPES.glob("**/*.toml"))
TABLES = sorted(file for file in RECIPES.glob("*/*.toml") if file.stem != "figures")
FIGURES = sorted(RECIPES.glob("*/figures.toml"))


def name(file):
    return file.relative_to(RECIPES).with_suffix("").as_posix()


@pytest.fixture(scope="module")
def registry():
    return load()


@pytest.fixture(scope="module")
def checker(registry):
    made = schema(registry)
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def planned(file, registry, home, profile=None):
    settings = RecipeFlags(recipe=file, profile=profile)
    return make_plan(settings, registry, Store(home), tolerant=True)


def trainings(plan):
    return {node.key for node in plan.nodes.values() if node.stage == "train"}


def test_every_table_of_both_papers_has_a_recipe():
    papers = records.papers()
    wanted = {
        f"{paper}/{table}"
        for paper in ("digi2real2024", "kortylewski2018")
        for table in papers[paper]["tables"]
    }
    assert {name(file) for file in TABLES} == wanted
    assert len(wanted) == 12


@pytest.mark.parametrize("file", FILES, ids=name)
def test_the_schema_accepts_every_recipe(file, checker):
    checker.validate(tomllib.loads(file.read_text()))


@pytest.mark.parametrize(
    "change",
    [
        {"generator": [{"use": "bfm", "identites": 3}]},
        {"generator": [{"use": "bfm", "identities": "many"}]},
        {"generator": [{"use": "bfn"}]},
        {"generator": [{"use": "bfm", "preset": "d1a"}]},
        {"generator": [{"identities": 3}]},
        {"generator": [{"use": "bfm", "yaw_deg": {"type": "gauss"}}]},
        {"benchmark": [{"use": "hq6"}]},
        {"study": {"sed": 1}},
        {"studdy": {}},
        {"sweep": {"study.seed": [1]}},
        {"sweep": {"model.lr": 1}},
        {"model": [{"use": "iresnet50", "phases": [{"facess": []}]}]},
        {"model": [{"use": "iresnet50", "phases": [{"faces": [{"use": "bfm", "x": 1}]}]}]},
        {"profile": {"smoke": {"sweep": {}}}},
        {"profile": {"smoke": {"model": {"iresnet50": {"use": "mobilefacenet", "x": 1}}}}},
    ],
)
def test_the_schema_refuses(change, checker):
    assert not checker.is_valid(change)


@pytest.mark.parametrize(
    "change",
    [
        {"generator": [{"use": "synthface-harness:bfm", "identities": 3, "take": {"images": 2}}]},
        {"generator": [{"use": "0123456789ab"}]},
        {"generator": [{"use": "digi2real", "source_params.identities": 3}]},
        {"benchmark": [{"use": "hq5", "flip": "none"}], "aligner": {"use": "none"}},
        {"sweep": {"model.lr": [1, 2]}},
    ],
)
def test_the_schema_accepts(change, checker):
    checker.validate(change)


@pytest.mark.parametrize("file", TABLES, ids=name)
def test_a_plan_links_every_number_of_its_table(file, registry, home):
    plan = planned(file, registry, home)
    found = {record for links in plan.links.values() for link in links for record in linked(link)}
    assert found == set(records.load(name(file)))
    assert set(plan.links) == {cell.key for cell in plan.cells}


def test_digi2real_is_thirty_six_trainings(registry, home):
    files = [file for file in TABLES if file.parent.name == "digi2real2024"]
    plans = [planned(file, registry, home) for file in files]
    assert [len(trainings(plan)) for plan in plans] == [3, 2, 9, 8, 2, 11, 11, 7]
    assert len(set().union(*map(trainings, plans))) == 36


def test_kortylewski_is_fifteen_trainings_on_three_renderings(registry, home):
    plans = [planned(f, registry, home) for f in TABLES if f.parent.name == "kortylewski2018"]
    assert len(set().union(*map(trainings, plans))) == 15
    rendered = {n.key for p in plans for n in p.nodes.values() if n.label.startswith("SYN")
                and n.stage == "generate"}  # fmt: skip
    assert len(rendered) == 3


def test_published_settings_stand_in_the_plan(registry, home):
    plan = planned(RECIPES / "digi2real2024/4.toml", registry, home)
    node = next(n for n in plan.nodes.values() if n.stage == "train" and "20K" in n.label)
    params = node.parts["component"]["params"]
    assert (params["loss"], params["epochs"], params["images_per_batch"]) == ("adaface", 30, 256)
    made = next(n for n in plan.nodes.values() if n.key == node.inputs["faces"])
    params = made.parts["component"]["params"]
    assert (params["identities"], params["images_per_id"], params["beta_a"]) == (20_000, 20, 2.0)


@pytest.mark.parametrize("file", [*TABLES, *FIGURES], ids=name)
def test_smoke_needs_no_asset_and_keeps_the_table(file, registry, home):
    full, smoke = planned(file, registry, home), planned(file, registry, home, "smoke")
    assert not smoke.missing
    assert smoke.study.limit is not None
    assert len(trainings(smoke)) == len(trainings(full))
    # What stands for RFW has the four groups; their mean and spread are not cells of their own.
    dropped = {link for links in full.links.values() for link in links if "/fairness" in link}
    made = {link for links in smoke.links.values() for link in links}
    assert made == {link for links in full.links.values() for link in links} - dropped


def test_a_row_that_is_not_published_is_refused(registry, home, harness_command, tmp_path):
    file = tmp_path / "r.toml"
    text = (RECIPES / "digi2real2024/3.toml").read_text()
    file.write_text(text.replace("digi2real2024/3#20K", "digi2real2024/3#20k"))
    line = 1 + text[: text.index("digi2real2024/3#20K")].count("\n")
    done = harness_command("plan", "-c", "r.toml", toys=False, check=2)
    assert f"r.toml:{line}: digi2real2024/3 has no row '20k', did you mean '20K'" in done.stderr


def test_operating_points_are_named_as_results_name_them():
    (record,) = linked("digi2real2024/3#20K/ijbc")
    assert measure_of(record) == ("tar@far", {"far": 1e-4})
    measured = {measure_of(r)[0] for r in linked("digi2real2024/7#DCFace [13]/rfw/fairness")}
    assert measured == {"accuracy", "accuracy-std"}


def smoke(harness_command, file, study="study"):
    return harness_command("run", "-c", str(file), "--profile", "smoke", "-j", "1", "-q",
                           "-o", study, toys=False)  # fmt: skip


def links_in(study):
    """The published links of every plan that a study ever ran, by cell key."""
    found = {}
    for file in study.glob("plan*.json"):
        for cell in read_plan(file).cells:
            found.setdefault(cell.key, set()).update(cell.published)
    return found


def check_results(study, file, registry, home):
    plan = planned(file, registry, home, "smoke")
    results = [json.loads(p.read_text()) for p in study.glob("cells/*/result.json")]
    assert {cell.key for cell in plan.cells} <= {result["id"] for result in results}
    assert {result["limited"] for result in results} == {8}
    links = links_in(study)
    for result in results:
        for entry in result["published"]:
            assert entry["ref"] in links[result["id"]]
            assert entry["protocol_match"].startswith("differs: profile smoke")
            assert 0 < entry["value"] <= 1
    assert not list((study / "failures").glob("**/*.json"))


@pytest.mark.parametrize("table", ["kortylewski2018/IIb", "digi2real2024/2"])
def test_a_smoke_recipe_runs_all_cells(
    table, embedded_model, harness_command, tmp_path, registry, home
):
    file = RECIPES / f"{table}.toml"
    smoke(harness_command, file)
    check_results(tmp_path / "study", file, registry, home)


def test_recipes_come_with_the_package_and_a_file_of_that_name_goes_first(
    harness_command, tmp_path
):
    listed = json.loads(harness_command("list", "recipes", "--json").stdout)["recipes"]
    ours = {
        path.relative_to(RECIPES).with_suffix("").as_posix() for path in RECIPES.rglob("*.toml")
    }
    assert {row["name"] for row in listed} == ours
    assert all(row["summary"] for row in listed)
    named = harness_command("plan", "-c", "demo", "--json").stdout
    assert named == harness_command("plan", "-c", str(RECIPES / "demo.toml"), "--json").stdout
    (tmp_path / "demo").mkdir()  # such as the study of an earlier run
    assert named == harness_command("plan", "-c", "demo", "--json").stdout
    (tmp_path / "demo").rmdir()
    (tmp_path / "demo").write_text('[[generator]]\nuse = "toy-faces"\n')
    assert "bfm" not in harness_command("plan", "-c", "demo").stdout
    absent = harness_command("plan", "-c", "demos", check=2).stderr
    assert "recipe demos does not exist; check -c, did you mean 'demo'?" in absent


@pytest.mark.slow
def test_all_smoke_recipes_fill_one_study(harness_command, tmp_path, registry, home):
    for file in [*TABLES, *FIGURES]:
        smoke(harness_command, file)
    for file in TABLES:
        check_results(tmp_path / "study", file, registry, home)
    printed = {link for links in links_in(tmp_path / "study").values() for link in links}
    assert {link.partition("#")[0] for link in printed} == {name(file) for file in TABLES}


def test_a_plan_that_misses_assets_is_not_run(registry, home):
    from harness.api import make_recipe
    from harness.errors import PrerequisiteError

    recipe = make_recipe(RecipeFlags(recipe=RECIPES / "kortylewski2018/IIa.toml"), registry)
    with pytest.raises(PrerequisiteError, match="5 assets are missing"):
        Planner(registry, Store(home), recipe).plan()
