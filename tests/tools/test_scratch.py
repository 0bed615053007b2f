"""Artifacts that a tool makes beside any study."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.errors import HarnessError
from harness.recipe.run_options import RecipeFlags
from harness.store.artifacts import Store
from harness.tools import scratch

TOYS = Path(__file__).parents[1] / "data" / "toys.py"


def planned(home, **values):
    return make_plan(RecipeFlags(**values), load(plugins_dirs=[TOYS]), Store(home))


def test_nodes_are_made_and_cells_are_not_scored(home):
    plan = planned(home, model="toy-pixels", bench="toy-pairs")
    with scratch.made(plan, Store(home), jobs=1, plugin_files=(TOYS,)) as session:
        folder = session.folder
        assert all(Store(home).find(kind, cell.keys[kind]) for cell in plan.cells
                   for kind in ("placements", "embeddings"))  # fmt: skip
        assert not (folder / "cells").exists()
    assert not folder.exists()


def test_an_error_of_a_plugin_is_one_sentence_and_no_bug_of_ours(home):
    plan = planned(home, generator="toy-faces", params={"generator": {"fail": True}})
    with (
        pytest.raises(HarnessError, match=r"^generate toy-faces: .*told to fail$") as raised,
        scratch.made(plan, Store(home), jobs=1, plugin_files=(TOYS,)),
    ):
        pytest.fail("nothing is given")
    assert raised.value.exit_code == 1
