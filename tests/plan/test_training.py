"""Phases of a training as nodes: what each is made from, and what its key holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.errors import UsageError
from harness.plan.training import faces_role, placements_role
from harness.recipe.run_options import RecipeFlags
from harness.store.artifacts import Store

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
HEAD = """
[[generator]]
use = "toy-faces"
[[benchmark]]
use = "toy-pairs"
[[model]]
use = "toy-net"
"""


@pytest.fixture(scope="module")
def registry():
    return load(plugins_dirs=[TOYS])


@pytest.fixture
def planned(registry, home, tmp_path):
    def plan(phases, **values):
        (tmp_path / "r.toml").write_text(HEAD + phases)
        return make_plan(RecipeFlags(recipe=tmp_path / "r.toml", **values), registry, Store(home))

    return plan


def trainings(plan):
    return [node for node in plan.nodes.values() if node.stage == "train"]


SECOND = """
[[model.phases]]
[[model.phases]]
faces = [{ use = "toy-faces", identities = 9 }]
"""


def test_roles_are_numbered_from_the_second_set_on():
    assert [faces_role(k) for k in range(3)] == ["faces", "faces.1", "faces.2"]
    assert [placements_role(k) for k in range(3)] == ["placements", "placements.1", "placements.2"]


def test_a_phase_is_made_from_the_one_before(planned):
    first, second = trainings(planned(SECOND))
    assert "model" not in first.inputs
    assert second.inputs["model"] == first.key
    assert (first.parts["phase"]["depth"], second.parts["phase"]["depth"]) == (0, 1)
    assert first.inputs["faces"] != second.inputs["faces"]


def test_a_cell_names_every_phase_and_is_tested_on_the_last(planned):
    plan = planned(SECOND)
    first, second = trainings(plan)
    (cell,) = plan.cells
    assert cell.keys["model"] == second.key
    assert cell.keys["model.0"] == first.key
    assert cell.keys["faces"] == first.inputs["faces"]


def test_one_plain_phase_is_the_training_without_phases(planned):
    assert [n.key for n in trainings(planned("[[model.phases]]\n"))] == [
        n.key for n in trainings(planned(""))
    ]


@pytest.mark.parametrize(
    "phase",
    ["validation = 1\n", 'faces = [{ use = "toy-faces", take = { images = 8 } }]\n',
     "stream = true\n", "params = { steps = 7 }\n"],
)  # fmt: skip
def test_what_a_phase_says_is_in_its_key(planned, phase):
    (plain,) = trainings(planned(""))
    (other,) = trainings(planned(f"[[model.phases]]\n{phase}"))
    assert plain.key != other.key


def test_the_seed_of_a_subset_is_in_the_key_and_of_a_whole_set_is_not(planned):
    taken = '[[model.phases]]\nfaces = [{ use = "toy-faces", take = { images = 8%s } }]\n'
    keys = {n.key for rule in ("", ", seed = 5") for n in trainings(planned(taken % rule))}
    assert len(keys) == 2


def test_a_streamed_set_has_no_placement_and_its_rule_is_in_the_phase(planned):
    plan = planned("[[model.phases]]\nstream = true\n")
    (node,) = trainings(plan)
    assert not {"faces", "placements"} & set(node.inputs)
    assert len(node.parts["phase"]["stream"]) == 1
    assert node.parts["phase"]["rule"]
    assert "generate" not in {n.stage for n in plan.nodes.values() if n.seed == 0}


def test_a_streamed_set_cannot_be_placed_by_a_detector(planned):
    with pytest.raises(UsageError, match="cannot use a detector"):
        planned("[[model.phases]]\nstream = true\n", align="detector")


def test_counts_that_teach_nothing_are_refused_before_any_work(planned):
    with pytest.raises(UsageError, match="cannot be trained"):
        planned('[[model.phases]]\nfaces = [{ use = "toy-faces", identities = 1 }]\n')


def test_repeats_are_trainings_of_their_own(planned):
    found = trainings(planned("", repeats=3))
    assert len({node.key for node in found}) == 3
    assert [node.parts["repeat"] for node in found] == [0, 1, 2]
