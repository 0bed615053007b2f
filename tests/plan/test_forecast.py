from __future__ import annotations

from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.plan.cost import DEFAULT_RATES, measured
from harness.plan.forecast import duration, forecast, size
from harness.plan.nodes import KIND_OF_STAGE
from harness.recipe.run_options import RecipeFlags
from harness.store.artifacts import Store

TOYS = Path(__file__).parents[1] / "data" / "toys.py"


@pytest.fixture(scope="module")
def registry():
    return load(plugins_dirs=[TOYS])


@pytest.fixture
def store(home):
    return Store(home)


def planned(registry, store, **values):
    return make_plan(RecipeFlags(**values), registry, store, tolerant=True)


def facenet(registry, store, *, identities=10, device="cpu", **values):
    repeats = values.pop("repeats", 1)
    params = {
        "generator": (("identities", identities), ("images_per_id", 3)),
        "model": (("steps", 7), ("people_per_batch", 4), ("images_per_person", 5)),
        **values,
    }
    return planned(registry, store, generator=("bfm",), model=("facenet-nn4",),
                   bench=("synthpie",), params=params, device=device, repeats=repeats)  # fmt: skip


def put(store, node, **facts):
    """Pretend that a node was made, with a file of 1,000 bytes."""

    def make(folder):
        (folder / "data").write_bytes(bytes(1000))
        return facts

    store.build(KIND_OF_STAGE[node.stage], node.key, node.parts, make)


def node_of(plan, stage, label):
    return next(n for n in plan.nodes.values() if (n.stage, n.label) == (stage, label))


def row_of(found, stage, label):
    return next(r for r in found.stages if (r.stage, r.label) == (stage, label))


def test_counts_follow_from_parameters_and_default_rates_are_said_to_be_assumed(registry, store):
    found = forecast(facenet(registry, store), store, Path("study"))
    made = row_of(found, "generate", "bfm").estimate
    assert (made.images, made.measured) == (30, False)
    assert made.seconds == pytest.approx(30 / DEFAULT_RATES["generate"][0])
    assert made.bytes == pytest.approx(30 * 112 * 112 * 0.35)
    trained = row_of(found, "train", "bfm > facenet-nn4").estimate
    assert trained.images == 30
    assert trained.seconds == pytest.approx(7 * 4 * 5 / DEFAULT_RATES["train"][0])
    assert row_of(found, "embed", "bfm > facenet-nn4 > synthpie").estimate.images == 1300 + 1240
    assert found.total.images == 30 + 1300 + 1240
    assert found.total.assumed
    assert "2,570 images to generate" in found.summary()
    assert {cell.action for cell in found.cells} == {"run"}
    assert found.cells[0].reason == "after generate, train, place, embed"


def test_rates_are_those_that_this_store_measured(registry, store):
    plan = facenet(registry, store)
    put(store, node_of(plan, "generate", "bfm"), faces=300, image_bytes=600_000, wall_s=150.0)
    put(
        store, node_of(plan, "train", "bfm > facenet-nn4"), images=30, image_visits=140, seconds=7.0
    )
    assert measured(store)["generate", "synthface-harness:bfm"] == (2.0, 2000.0)
    assert measured(store)["train", "synthface-harness:facenet-nn4"] == (20.0, 1000.0)
    other = forecast(facenet(registry, store, identities=100), store, Path("study"))
    made = row_of(other, "generate", "bfm")
    assert (made.estimate.seconds, made.estimate.bytes) == (150.0, 600_000.0)
    assert made.estimate.measured
    assert made.reason == "changed: identities 10 -> 100"
    assert made.cost == "  300 images, 2.5 min"
    assert row_of(other, "train", "bfm > facenet-nn4").estimate.seconds == pytest.approx(7.0)
    same = forecast(plan, store, Path("study"))
    reused = row_of(same, "generate", "bfm")
    assert (reused.action, reused.estimate.seconds, reused.cost) == ("reuse", 0.0, "")


@pytest.mark.parametrize(
    ("images", "seconds", "rate"), [(99, 40.0, None), (100, 50.0, 2.0), (6, 360.0, 1 / 60)]
)
def test_a_short_stage_gives_no_rate(registry, store, images, seconds, rate):
    """Most of it was loading and compiling; a slow generator's few images do count."""
    node = node_of(facenet(registry, store), "generate", "bfm")
    put(store, node, faces=images, image_bytes=9, wall_s=seconds)
    found = measured(store).get(("generate", "synthface-harness:bfm"))
    assert found == (None if rate is None else (pytest.approx(rate), pytest.approx(9 / images)))


def test_a_stage_that_was_taken_up_again_gives_no_rate(registry, store):
    put(store, node_of(facenet(registry, store), "generate", "bfm"), faces=30, image_bytes=9)
    assert measured(store) == {}


def test_another_purpose_or_too_many_differences_are_no_change(registry, store):
    """The set of a benchmark, another repeat, or a set with hardly anything in common is new."""
    few = facenet(registry, store, identities=10)
    put(store, node_of(few, "generate", "bfm"), faces=30)
    again = forecast(facenet(registry, store, identities=20), store, Path("study"))
    assert row_of(again, "generate", "bfm").reason == "changed: identities 10 -> 20"
    assert row_of(again, "generate", "bfm for synthpie (faces)").reason == "new"
    other = planned(registry, store, generator=("bfm",), params={"generator": {
        "identities": 7, "images_per_id": 2, "image_px": 64, "light": "directional",
        "background": "plain"}})  # fmt: skip
    assert row_of(forecast(other, store, Path("study")), "generate", "bfm").reason == "new"
    twice = facenet(registry, store, identities=10, repeats=2)
    put(store, node_of(twice, "train", "bfm > facenet-nn4 #0"), images=30)
    rows = forecast(twice, store, Path("study"))
    assert row_of(rows, "train", "bfm > facenet-nn4 #1").reason == "new"


def test_a_data_set_of_unknown_size_makes_the_sum_a_least(registry, store):
    plan = planned(registry, store, generator=("casia-webface",), model=("mobilefacenet",),
                   bench=("lfw",))  # fmt: skip
    found = forecast(plan, store, Path("study"))
    assert set(plan.missing) == {"casia-webface", "lfw"}
    assert {row.action for row in found.stages} == {"blocked"}
    assert row_of(found, "train", "casia-webface > mobilefacenet").estimate.seconds is None
    assert "of a size that is known only with its data" in found.summary()
    assert found.cells[0].action == "blocked"
    assert found.cells[0].reason == "needs asset casia-webface, lfw"


def test_what_is_taken_of_a_set_is_what_is_trained_on(registry, store, tmp_path):
    file = tmp_path / "r.toml"
    file.write_text(
        '[[model]]\nuse = "mobilefacenet"\nepochs = 2\n[[model.phases]]\n'
        '[[model.phases.faces]]\nuse = "casia-webface"\ntake = { images = 600 }\n'
        '[[model.phases.faces]]\nuse = "bfm"\nidentities = 4\nimages_per_id = 5\n'
    )
    plan = planned(registry, store, recipe=file)
    found = forecast(plan, store, Path("study"))
    row = next(row for row in found.stages if row.stage == "train")
    assert row.estimate.images == 620
    assert row.estimate.seconds == pytest.approx(2 * 620 / DEFAULT_RATES["train"][0])


def test_only_what_needs_an_asset_is_blocked(registry, store):
    plan = planned(registry, store, generator=("toy-faces",), model=("toy-net",),
                   bench=("toy-pairs", "lfw"))  # fmt: skip
    found = forecast(plan, store, Path("study"))
    actions = {(row.stage, row.label): row.action for row in found.stages}
    assert actions["train", "toy-faces > toy-net"] == "run"
    assert actions["embed", "toy-faces > toy-net > lfw"] == "blocked"
    assert [cell.action for cell in found.cells] == ["run", "blocked"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (90, "1.5 min"), (5400, "1.5 h")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(2e5, "0.2 MB"), (3.2e9, "3.2 GB")])
def test_sizes(count, text):
    assert size(count) == text
