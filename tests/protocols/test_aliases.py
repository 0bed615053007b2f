from __future__ import annotations

import pytest

from harness._plugins.manager import load
from harness.protocols.aliases import ALIASES
from harness.recipe.resolve import RunFlags, resolve


@pytest.mark.parametrize(
    ("name", "benchmark", "params"),
    [
        ("lfw-view2", "lfw", {}),
        ("ijbc-test1", "ijbc", {"comparisons": "1:1"}),
        ("rfw-original", "rfw", {}),
        ("agedb-30", "agedb-30", {}),
    ],
)
def test_a_name_of_bob_selects_the_benchmark_it_means(name, benchmark, params):
    recipe = resolve(RunFlags(models=("onnx",), benchmarks=(name,)), {}, lambda *_: True)
    (use,) = recipe.benchmark
    assert (use.use, use.params()) == (benchmark, params)


def test_every_alias_means_a_benchmark_that_is_there():
    names = {provided.component.name for provided in load().of_kind("benchmark")}
    assert {alias.benchmark for alias in ALIASES.values()} <= names
    assert not names & set(ALIASES)
