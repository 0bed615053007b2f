"""What predicts accuracy: sets that differ in one thing, one training for all, folds apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.recipe.run_options import RecipeFlags
from harness.store.artifacts import Store

FILE = Path(__file__).parents[2] / "recipes" / "what-predicts.toml"


@pytest.fixture(scope="module")
def registry():
    return load()


def planned(registry, home, profile=None):
    return make_plan(RecipeFlags(recipe=FILE, profile=profile), registry, Store(home),
                     tolerant=True)  # fmt: skip


def test_every_set_is_trained_on_twice_in_the_same_way(registry, home):
    plan = planned(registry, home)
    trains = [node for node in plan.nodes.values() if node.stage == "train"]
    sets = {node.key for node in plan.nodes.values() if node.stage == "generate"}
    assert len(sets) == 28
    assert len(trains) == 2 * len(sets)
    assert len({json.dumps(node.worker.params.model_dump(mode="json"), sort_keys=True)
                for node in trains}) == 1  # fmt: skip
    params = [source.chosen.params for node in trains for source in node.training.sources]
    assert {p.identities for p in params} >= {150, 1500}
    assert {p.images_per_id for p in params} >= {5, 40}


def test_the_development_fold_is_apart_from_the_result(registry, home):
    folds = {(cell.benchmark.label, cell.benchmark.params.folds)
             for cell in planned(registry, home).cells}  # fmt: skip
    assert folds == {("lfw development", (1,)), ("lfw plain", (2, 3, 4, 5)),
                     ("lfw centred", (2, 3, 4, 5))}  # fmt: skip


def test_smoke_needs_no_asset(registry, home):
    plan = planned(registry, home, "smoke")
    assert not plan.missing
    assert len([n for n in plan.nodes.values() if n.stage == "generate"]) > 15


@pytest.mark.slow
def test_smoke_runs_all_cells(harness_command, tmp_path):
    harness_command("run", "-c", str(FILE), "--profile", "smoke", "-j", "1", "-q", toys=False)
    study = tmp_path / "study"
    assert not list((study / "failures").glob("**/*.json"))
    results = [json.loads(path.read_text()) for path in study.glob("cells/*/result.json")]
    assert {result["limited"] for result in results} == {12}
