"""The hooks only grow, and every change of them is told."""

from __future__ import annotations

import json
from inspect import Parameter, signature
from pathlib import Path

import pytest

from harness import hookspecs
from harness.components import API, OLDEST_API

ROOT = Path(__file__).parents[1]
SNAPSHOT = ROOT / "tests" / "data" / "hooks.json"
UNTOLD = {"harness_components", "harness_groups", "harness_templates", "harness_on_event"}
"""The hooks that the contract began with."""


def current() -> dict:
    hooks = {}
    for name in sorted(dir(hookspecs)):
        if name.startswith("harness_"):
            parameters = signature(getattr(hookspecs, name)).parameters.values()
            assert all(p.kind is Parameter.POSITIONAL_OR_KEYWORD for p in parameters)
            hooks[name] = [p.name for p in parameters]
    return {"api": API, "oldest_api": OLDEST_API, "hooks": hooks}


def problems(before: dict, now: dict, changelog: str) -> list[str]:
    """What is wrong with going from one contract to another."""
    found = []
    for name, arguments in before["hooks"].items():
        if name not in now["hooks"]:
            found.append(f"{name} is gone; hooks only grow")
        elif now["hooks"][name][: len(arguments)] != arguments:
            found.append(f"{name} lost or renamed an argument; arguments are only added at the end")
    if now["api"] < before["api"]:
        found.append("API goes down")
    for name, arguments in now["hooks"].items():
        told = f"`{name}({', '.join(arguments)})`"
        if name not in UNTOLD and told not in changelog:
            found.append(f"CHANGELOG.md has no line with {told}")
    if before != now and not found:
        found.append(f"write the new contract to tests/data/hooks.json: {json.dumps(now)}")
    return found


def test_the_contract_is_the_committed_one_and_its_changes_are_told():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert problems(json.loads(SNAPSHOT.read_text()), current(), changelog) == []


@pytest.mark.parametrize(
    ("change", "changelog", "message"),
    [
        ({"hooks": {}}, "", "harness_a is gone"),
        ({"hooks": {"harness_a": ["other"]}}, "`harness_a(other)`", "lost or renamed"),
        ({"hooks": {"harness_a": ["x", "y"]}}, "", "no line with `harness_a(x, y)`"),
        ({"hooks": {"harness_a": ["x", "y"]}}, "`harness_a(x, y)`", "write the new contract"),
        ({"hooks": {"harness_a": ["x"], "harness_b": []}}, "`harness_a(x)`", "`harness_b()`"),
        ({"api": 0}, "`harness_a(x)`", "API goes down"),
        ({}, "`harness_a(x)`", None),
    ],
)
def test_what_may_not_change_in_silence(change, changelog, message):
    before = {"api": 1, "oldest_api": 1, "hooks": {"harness_a": ["x"]}}
    found = problems(before, before | change, changelog)
    if message is None:
        assert found == []
    else:
        assert any(message in text for text in found)


def test_every_hook_says_since_which_api_it_is_there():
    for name in current()["hooks"]:
        assert "Since API " in getattr(hookspecs, name).__doc__
