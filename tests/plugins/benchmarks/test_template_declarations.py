"""What planning reads of the template benchmarks: cheap, complete, true."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from harness.components import Benchmark, BenchmarkParams
from harness.plan.nodes import PlannedCell
from harness.recipe.parameters import external_fields

NAMES = ("ijba", "ijbc", "multipie", "tinyface")
HEAVY = ("torch", "cv2", "pandas", "scipy", "pyarrow", "numpy")


def declared():
    return [
        component
        for name in NAMES
        for component in import_module(f"harness_plugins.benchmarks.{name}").harness_components()
    ]


def resolve(reference):
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


def test_declarations_and_parameters_import_nothing_heavy():
    modules = sorted({c.params.partition(":")[0] for c in declared()})
    code = (
        "import sys, importlib\n"
        f"for name in {modules}: importlib.import_module(name)\n"
        f"print(*(n for n in {HEAVY} if n in sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []


@pytest.mark.parametrize("component", declared(), ids=lambda c: c.name)
def test_target_parameters_and_asset_agree(component):
    params = resolve(component.params)
    assert issubclass(resolve(component.target), Benchmark)
    assert issubclass(params, BenchmarkParams)
    assert external_fields(params)["root"].asset == component.assets[0].name
    assert all(field.description for field in params.model_fields.values())
    assert params.scoring <= set(params.model_fields)
    assert not params(flip="none").mirror()
    for values in params.presets.values():
        params(**values)


def test_the_group_names_the_janus_benchmarks():
    groups = import_module("harness_plugins.benchmarks.ijbc").harness_groups()
    assert groups == {"ijb": ["ijba", "ijbb", "ijbc"]}
    assert set(groups["ijb"]) <= {c.name for c in declared()}


@pytest.mark.parametrize("name", ["ijba", "ijbc"])
def test_only_reported_fars_can_be_the_headline(name):
    (component, *_) = [c for c in declared() if c.name == name]
    with pytest.raises(ValueError, match=r"TAR is reported at .*0\.1"):
        resolve(component.params)(headline_far=0.02)


def test_a_cell_folder_is_a_valid_name_whatever_the_comparison_is_called():
    class Named:
        def __init__(self, name) -> None:
            self.name = name

    cells = [
        PlannedCell(key * 64, None, Named("toy"), Named("ijbc"), comparison, None, 0, {})
        for key, comparison in (("a", "1:1"), ("b", "1:N"))
    ]
    assert len({cell.folder for cell in cells}) == 2
    assert not set("".join(cell.folder for cell in cells)) & set('<>:"/\\|?*')
