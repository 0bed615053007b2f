"""Table I in miniature: what it would train, on whom it is tested, and that smoke runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.recipe.run_options import RecipeFlags
from harness.store.artifacts import Store

RECIPES = Path(__file__).parents[2] / "recipes"
TABLE = RECIPES / "mini-table1.toml"
ABLATIONS = sorted(RECIPES.glob("mini-table1-*.toml"))
AMOUNTS = (200, 400, 900)


@pytest.fixture(scope="module")
def registry():
    return load()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where the list of people to leave out is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cfp-in-lfw.txt").write_text("006  # somebody\n")
    return tmp_path


def planned(file, registry, home, profile=None, **more):
    settings = RecipeFlags(recipe=file, profile=profile, **more)
    return make_plan(settings, registry, Store(home), tolerant=True)


def nodes(plan, stage):
    return [node for node in plan.nodes.values() if node.stage == stage]


def test_pretrainings_are_shared_between_the_amounts(place, registry, home):
    plan = planned(TABLE, registry, home)
    trains = nodes(plan, "train")
    first = [node for node in trains if "model" not in node.inputs and not node.training.depth]
    second = [node for node in trains if node.training.depth == 1]
    tuned = [node for node in second if node.worker.params.steps]
    whitened = [node for node in second if not node.worker.params.steps]
    assert len(trains) == 24
    assert (len(tuned), len(whitened)) == (9, 3)
    assert all(node.training.sources[0].name == "rendered" for node in whitened)
    rendered = {node.key for node in first if node.training.sources[0].name == "rendered"}
    assert len(rendered) == 3  # one per seed
    assert {node.inputs["model"] for node in tuned} == rendered
    assert {node.inputs["model"] for node in whitened} == rendered
    taken = sorted(node.training.sources[0].take.images for node in trains
                   if node.training.sources[0].name != "rendered")  # fmt: skip
    assert taken == sorted(n for n in AMOUNTS for _ in range(6))
    assert len(nodes(plan, "generate")) == 2  # the rendered set, and CFP once for all amounts


def test_real_only_and_finetuning_differ_in_the_start_alone(place, registry, home):
    plan = planned(TABLE, registry, home)
    for amount in AMOUNTS:
        mine = [n for n in nodes(plan, "train") if n.training.sources[0].take.images == amount]
        rules = {json.dumps(node.training.sources[0].rules, sort_keys=True) for node in mine}
        assert len(rules) == 1
        visits = {node.worker.params.image_visits(amount) for node in mine}
        assert len(visits) == 1


def test_no_person_and_no_fold_is_seen_twice(place, registry, home):
    plan = planned(TABLE, registry, home)
    folds = {cell.benchmark.name: cell.benchmark.params.folds for cell in plan.cells}
    assert folds == {"lfw": (2, 3, 4, 5), "cfp-fp": (3,), "cfp-ff": (3,)}
    for node in nodes(plan, "train"):
        source = node.training.sources[0]
        if source.name != "rendered":
            assert source.take.exclude.name == "cfp-in-lfw.txt"
            assert "exclude" in source.rules
            assert source.chosen.params.identities == 100  # folds 1 and 2 of fifty each


def test_a_training_is_within_forty_minutes(place, registry, home):
    visits = [node.worker.params.image_visits(900) for node in nodes(
        planned(TABLE, registry, home), "train")]  # fmt: skip
    assert max(visits) / 200 / 60 < 40  # of 321 images a second on one core, as measured


def test_ablations_use_the_trainings_of_the_table_again(place, registry, home):
    known = {node.key for node in nodes(planned(TABLE, registry, home), "train")}
    for file in ABLATIONS:
        trains = {node.key for node in nodes(planned(file, registry, home), "train")}
        # Pre-training, its whitening, and fine-tuning on 900 real, three seeds each.
        assert len(trains & known) == 9, file
        assert len(trains) > 12


@pytest.mark.parametrize("file", [TABLE, *ABLATIONS], ids=lambda file: file.stem)
def test_smoke_needs_no_asset_and_keeps_the_arms(file, place, registry, home):
    smoke = planned(file, registry, home, "smoke")
    assert not smoke.missing
    full = planned(file, registry, home)
    one, other = (len(nodes(plan, "train")) / plan.study.repeats for plan in (smoke, full))
    assert one == other


@pytest.mark.slow
@pytest.mark.parametrize("file", [TABLE, *ABLATIONS], ids=lambda file: file.stem)
def test_smoke_runs_all_cells_and_draws_the_curves(file, harness_command, tmp_path):
    harness_command("run", "-c", str(file), "--profile", "smoke", "-j", "1", "-q", toys=False)
    study = tmp_path / "study"
    assert not list((study / "failures").glob("**/*.json"))
    results = [json.loads(path.read_text()) for path in study.glob("cells/*/result.json")]
    assert {result["limited"] for result in results} == {12}
    page = next((study / "report").glob("*.html")).read_text(encoding="utf-8")
    shown = "rendered, then real images against real images alone, on lfw"
    assert (shown in page) == (file == TABLE)
