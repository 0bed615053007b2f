"""Old import paths of modules that moved."""

from __future__ import annotations

import importlib
import sys

import pytest

from harness._moved import MOVED

TAUGHT = ("harness.registry", "harness.reporting.study", "harness.training.samplers",
          "harness.study.parameters", "harness.guard")  # fmt: skip
"""Paths that README, docs and the plugin templates showed before."""


@pytest.fixture(autouse=True)
def forgotten():
    """Old names are imported afresh, and forgotten afterwards."""
    for name in MOVED:
        sys.modules.pop(name, None)
    yield
    for name in MOVED:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("old", TAUGHT)
def test_a_path_that_was_taught_still_works_and_warns(old):
    with pytest.warns(DeprecationWarning, match=MOVED[old].replace(".", r"\.")):
        module = importlib.import_module(old)
    new = importlib.import_module(MOVED[old])
    assert module is new
    assert new.__spec__.name == MOVED[old]
    assert new.__name__ == MOVED[old]


@pytest.mark.filterwarnings("ignore:harness:DeprecationWarning")
def test_names_of_old_paths_are_those_of_new_ones():
    from harness._plugins.discovery import load as now
    from harness.did_you_mean import did_you_mean as hint_now
    from harness.registry import did_you_mean, load

    assert load is now
    assert did_you_mean is hint_now


def test_every_new_path_exists():
    for new in filter(None, MOVED.values()):
        assert importlib.util.find_spec(new) is not None, new


def test_a_path_that_never_was_is_not_found():
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("harness.study.nonsense")
