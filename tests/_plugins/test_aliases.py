"""Names by which other software knows benchmarks."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness._plugins.aliases import Alias, aliases
from harness._plugins.discovery import load
from harness.components import Component
from harness.recipe.resolve import resolve
from harness.recipe.run_options import RecipeFlags


@pytest.fixture(scope="module")
def known():
    return aliases(load(autoload=False))


@pytest.mark.parametrize(
    ("name", "benchmark", "params"),
    [
        ("lfw-view2", "lfw", {}),
        ("ijbc-test1", "ijbc", {"comparisons": "1:1"}),
        ("rfw-original", "rfw", {}),
        ("agedb-30", "agedb-30", {}),
    ],
)
def test_a_name_of_bob_selects_the_benchmark_it_means(known, name, benchmark, params):
    flags = RecipeFlags(model="onnx", bench=name)
    (use,) = resolve(flags, {}, lambda *_: True, known).benchmark
    assert (use.use, use.params()) == (benchmark, params)


def declared(name: str, **given: str) -> SimpleNamespace:
    component = Component(kind="benchmark", name=name, version=1, target="x:Y", params="x:P",
                          summary="s", aliases=given)  # fmt: skip
    return SimpleNamespace(component=component)


def test_a_benchmark_of_that_name_goes_before_an_alias():
    registry = SimpleNamespace(of_kind=lambda kind: [declared("a", b="", c="1:N"), declared("b")])
    assert aliases(registry) == {"c": Alias("a", "1:N")}
