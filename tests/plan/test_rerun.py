"""What --rerun discards: the chosen, all that is made from it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.errors import UsageError
from harness.plan.nodes import KIND_OF_STAGE
from harness.plan.rerun import discard
from harness.recipe.run_options import RecipeFlags
from harness.store.artifacts import Store

TOYS = Path(__file__).parents[1] / "data" / "toys.py"


@pytest.fixture
def made(home, tmp_path):
    """A plan whose artifacts and results are all there, and what is left of them by stage."""
    store = Store(home)
    flags = RecipeFlags(generator=("toy-faces",), model=("toy-net",), bench=("toy-pairs",))
    plan = make_plan(flags, load(plugins_dirs=[TOYS]), store)
    for node in plan.nodes.values():
        store.build(KIND_OF_STAGE[node.stage], node.key, {}, lambda work: {})
    results = []
    for cell in plan.cells:
        path = tmp_path / "cells" / cell.folder / "result.json"
        path.parent.mkdir(parents=True)
        path.write_text("{}")
        results.append(path)

    def left(*selections):
        discard(plan, store, tmp_path, selections)
        stages = [n.stage for n in plan.nodes.values() if store.find(KIND_OF_STAGE[n.stage], n.key)]
        return sorted(stages), [path.exists() for path in results]

    return plan, left


def test_a_stage_takes_all_that_is_made_from_it(made):
    plan, left = made
    # Two face sets: what is trained on, and what is tested on.
    assert left("train") == (sorted(n.stage for n in plan.nodes.values()
                                    if n.stage not in ("train", "embed")), [False])  # fmt: skip


def test_embeddings_leave_the_training(made):
    _, left = made
    stages, results = left("embed")
    assert "train" in stages
    assert "embed" not in stages
    assert results == [False]


def test_a_score_alone_discards_no_artifact(made):
    plan, left = made
    stages, results = left("score")
    assert len(stages) == len(plan.nodes)
    assert results == [False]


@pytest.mark.parametrize("digits", [8, 20, 64])
def test_a_key_by_its_beginning(made, digits):
    plan, left = made
    (embed,) = [n for n in plan.nodes.values() if n.stage == "embed"]
    stages, _ = left(embed.key[:digits])
    assert "embed" not in stages
    assert len(stages) == len(plan.nodes) - 1


@pytest.mark.parametrize("wrong", ["nothing", "toy", ""])
def test_what_names_nothing_is_refused_before_anything_goes(made, wrong):
    plan, left = made
    with pytest.raises(UsageError, match="selects nothing"):
        left("train", wrong)
    assert len(left()[0]) == len(plan.nodes)


def test_seven_digits_of_a_key_are_too_few(made):
    plan, left = made
    (embed,) = [n for n in plan.nodes.values() if n.stage == "embed"]
    with pytest.raises(UsageError, match="at least 8"):
        left(embed.key[:7])


def test_a_component_by_its_name(made):
    _, left = made
    stages, results = left("toy-net")
    assert not {"train", "embed"} & set(stages)
    assert results == [False]
