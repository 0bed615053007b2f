"""Measures in a plan: what their nodes are made from, and what a recipe may not ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.errors import UsageError
from harness.recipe.run_options import RecipeFlags
from harness.store.artifacts import Store

TOYS = Path(__file__).parents[1] / "data" / "toys.py"


@pytest.fixture(scope="module")
def registry():
    return load(plugins_dirs=(TOYS,))


@pytest.fixture
def planned(registry, tmp_path):
    def made(recipe=None, **flags):
        if recipe is not None:
            flags["recipe"] = tmp_path / "recipe.toml"
            flags["recipe"].write_text(recipe)
        return make_plan(RecipeFlags(**flags), registry, Store())

    return made


def stages(plan):
    return [f"{node.stage} {node.label}" for node in plan.nodes.values()]


def test_a_generator_alone_is_generated_aligned_embedded_and_measured(planned):
    plan = planned(generator="toy-faces", model="toy-pixels", measure="separability")
    assert stages(plan) == [
        "generate toy-faces",
        "place toy-faces",
        "embed toy-faces > toy-pixels",
        "measure toy-faces > separability under toy-pixels",
    ]
    assert not plan.cells
    nodes = list(plan.nodes.values())
    assert nodes[-1].inputs == {"set": nodes[0].key, "embeddings": nodes[2].key}


def test_a_measure_of_images_needs_no_model_and_its_key_no_other(planned):
    bare = planned(generator="toy-faces", measure="duplicates")
    seen = planned(generator="toy-faces", model="toy-pixels", measure="duplicates")
    assert stages(bare) == ["generate toy-faces", "measure toy-faces > duplicates"]
    assert list(bare.nodes)[-1] == list(seen.nodes)[-1]


def test_training_and_measuring_align_a_set_once(planned):
    plan = planned(generator="toy-faces", model="toy-net,toy-pixels", bench="toy-pairs",
                   measure="separability")  # fmt: skip
    assert stages(plan).count("place toy-faces") == 1
    assert len(plan.cells) == 2


def test_only_what_a_measure_looks_at_enters_its_key(planned):
    def keys(**more):
        plan = planned(generator="toy-faces", model="toy-pixels", measure="separability,realism",
                       **more)  # fmt: skip
        return {n.component.name: n.key for n in plan.nodes.values() if n.stage == "measure"}

    plain, other = keys(against="toy-faces"), keys(against="toy-faces", seed=3)
    more = keys(against="toy-faces", params={"measure": {"realism.neighbours": 4}})
    assert plain["separability"] == more["separability"] != other["separability"]
    assert plain["realism"] != more["realism"]
    alone = planned(generator="toy-faces", model="toy-pixels", measure="separability")
    assert plain["separability"] in alone.nodes


def test_a_limited_set_has_the_keys_that_measuring_it_later_gives(planned):
    plan = planned(generator="toy-faces", model="toy-pixels", measure="separability", limit=3)
    found = {node.stage: node.parts["limit"] for node in plan.nodes.values()}
    assert found == {"generate": 3, "place": None, "embed": None, "measure": None}


def test_a_table_names_its_model_its_other_sets_and_its_generators(planned):
    plan = planned("""
        [[generator]]
        use = "toy-faces"
        label = "few"
        identities = 4
        [[generator]]
        use = "toy-faces"
        label = "many"
        identities = 9
        [[measure]]
        use = "leakage"
        model = {use = "toy-pixels", noise = 1.0}
        seen = {use = "toy-faces", identities = 7}
        control = "many"
        generators = ["few"]
        fmr = 0.5
        per_identity = 2
        """)
    measured = [node for node in plan.nodes.values() if node.stage == "measure"]
    assert [node.label for node in measured] == ["few > leakage under toy-pixels"]
    (node,) = measured
    assert node.measuring.model.params.noise == 1.0
    assert {role: s.per_identity for role, s in node.measuring.sets.items()} == {
        "set": 2, "seen": 2, "control": 2}  # fmt: skip
    assert node.component.params.fmr == 0.5
    embeds = [other for other in plan.nodes.values() if other.stage == "embed"]
    assert len(embeds) == 3
    assert {other.parts["per_identity"] for other in embeds} == {2}


def test_a_model_of_the_recipe_is_found_by_its_label(planned):
    plan = planned("""
        [[generator]]
        use = "toy-faces"
        [[model]]
        use = "toy-pixels"
        label = "sharp"
        [[model]]
        use = "toy-pixels"
        label = "dull"
        noise = 9.0
        [[measure]]
        use = "separability"
        model = "dull"
        [[measure]]
        use = "consistency"
        """)
    found = [node.label for node in plan.nodes.values() if node.stage == "measure"]
    assert found == [
        "toy-faces > separability under dull",
        "toy-faces > consistency under sharp",
        "toy-faces > consistency under dull",
    ]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"model": "toy-pixels", "bench": "toy-pairs", "measure": "duplicates"},
         "no faces to measure"),
        ({"generator": "toy-faces", "measure": "separability"}, "needs a model"),
        ({"generator": "toy-faces", "model": "toy-net", "measure": "separability"}, "not trained"),
        ({"generator": "toy-faces", "model": "toy-pixels", "measure": "realism"}, "give --against"),
        ({"generator": "toy-faces", "model": "toy-pixels", "measure": "separability",
          "control": "toy-faces"}, "give seen too"),
        ({"generator": "toy-faces", "against": "toy-faces"}, "no measure looks at it"),
        ({"generator": "toy-faces", "measure": "separabilty"}, "separability"),
        ({"generator": "toy-faces", "model": "toy-pixels", "measure": "realism",
          "against": "nowhere"}, "nowhere"),
        ({"generator": "toy-faces", "measure": "duplicates",
          "values": {"measure.generators": ["bmf"]}}, "no generator of the recipe"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_refused_in_a_sentence(planned, flags, said):
    with pytest.raises(UsageError, match=said):
        planned(**flags)


def test_keys_of_the_table_are_set_and_swept_like_parameters(planned):
    plan = planned(generator="toy-faces", model="toy-pixels", measure="uniqueness",
                   sweep={"measure.cosine": [0.3, 0.5]},
                   values={"measure.per_identity": 3})  # fmt: skip
    found = [node for node in plan.nodes.values() if node.stage == "measure"]
    assert [node.component.params.cosine for node in found] == [0.3, 0.5]
    assert {node.measuring.sets["set"].per_identity for node in found} == {3}
