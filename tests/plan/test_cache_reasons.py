"""Why a stage runs: what is there, what is damaged, and which of the stored ones is nearest."""

from __future__ import annotations

import pytest

from harness.plan.cache_reasons import reason
from harness.plan.nodes import Node
from harness.store.artifacts import Store


def parts(provider="a:net", version=1, seed=0, **params):
    component = {"provider": provider, "version": version, "params": params}
    return {"component": component, "seed": seed}


def node(key="f" * 64, **values):
    return Node("train", "net", key, parts(**values), None)


@pytest.fixture
def store(home):
    return Store(home)


def keep(store, key, **values):
    def make(work):
        (work / "weights").write_bytes(b"1234")
        return {}

    return store.build("models", key, parts(**values), make)


def test_what_is_there_needs_no_reason(store):
    keep(store, "f" * 64)
    assert reason(node(), store) == ""


def test_with_nothing_alike_it_is_new(store):
    assert reason(node(), store) == "new"
    keep(store, "a" * 64, provider="other:net")
    assert reason(node(), store) == "new"


def test_an_artifact_of_another_stage_is_not_looked_at(store):
    store.build("faces", "a" * 64, parts(lr=1), lambda work: {})
    assert reason(node(lr=2), store) == "new"


def test_the_nearest_stored_one_says_what_changed(store):
    keep(store, "a" * 64, lr=1, steps=9, seed=4)
    keep(store, "b" * 64, lr=1, steps=9)
    assert reason(node(lr=2, steps=9), store) == "changed: lr 1 -> 2"
    assert reason(node(lr=1, steps=9, version=3), store) == "changed: version 1 -> 3"


def test_more_than_three_changes_are_cut(store):
    keep(store, "a" * 64, a=1, b=1, c=1, d=1)
    assert reason(node(a=2, b=2, c=2), store) == "changed: a 1 -> 2; b 1 -> 2; c 1 -> 2; ..."


def test_long_values_are_cut_and_text_is_shortened_as_keys_are(store):
    keep(store, "a" * 64, names=["x" * 60], data="0123456789abcdef")
    said = reason(node(names=[], data="fedcba9876543210"), store)
    assert "data 0123456789ab -> fedcba987654" in said
    assert f'names ["{"x" * 35}... -> []' in said


def test_what_was_begun_continues(store):
    (store.work("models", "f" * 64) / "part").write_text("x")
    assert reason(node(), store) == "interrupted before; continues"


def test_what_is_damaged_says_which_file(store):
    folder = keep(store, "f" * 64).folder
    (folder / "weights").write_bytes(b"12")
    assert reason(node(), store).startswith("damaged: weights ")
