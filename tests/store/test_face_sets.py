"""Finding a stored face set by digits of its key, and what a list says of it."""

from __future__ import annotations

import pytest

from harness.errors import DataError, UsageError
from harness.store import face_sets
from harness.store.artifacts import Store

PARTS = {"component": {"provider": "a:b", "version": 1, "params": {"n": 3}}, "seed": 0,
         "limit": None}  # fmt: skip
FACTS = {"identities": 2, "faces": 5, "missing": 1, "image_bytes": 40}


@pytest.fixture
def store(home):
    made = Store(home)
    for key in ("aa11" + "0" * 60, "aa12" + "0" * 60, "bb" + "0" * 62):
        made.build("faces", key, PARTS, lambda work: FACTS)
    return made


def test_one_set_by_the_beginning_of_its_key(store):
    assert face_sets.find(store, "aa12").key.startswith("aa12")
    assert face_sets.find(store, "b").key.startswith("bb")


def test_too_few_digits_name_the_candidates_with_more(store):
    with pytest.raises(UsageError, match=r"2 face sets begin with 'aa1' \(aa11000, aa12000\)"):
        face_sets.find(store, "aa1")


def test_unknown_digits_name_the_command_that_lists(store):
    with pytest.raises(UsageError, match="harness faces list"):
        face_sets.find(store, "cc")


def test_models_are_no_face_sets(store):
    store.build("models", "cc" + "0" * 62, PARTS, lambda work: FACTS)
    with pytest.raises(UsageError, match="no face set"):
        face_sets.find(store, "cc")


def test_a_row_of_the_list(store):
    row = face_sets.describe(face_sets.find(store, "bb"))
    assert row["generator"] == "a:b"
    assert (row["seed"], row["limit"], row["params"]) == (0, None, {"n": 3})
    assert {name: row[name] for name in FACTS} == FACTS
    assert row["sha256"] is None


@pytest.mark.parametrize(
    ("parts", "facts"),
    [({**PARTS, "seed": 1.5}, FACTS), (PARTS, {**FACTS, "faces": -1}),
     (PARTS, {**FACTS, "faces": 2**63}), ({"component": None}, FACTS)],
)  # fmt: skip
def test_a_manifest_of_something_else_is_named(store, parts, facts):
    item = store.build("faces", "dd" + "0" * 62, parts, lambda work: facts)
    with pytest.raises(DataError, match=r"manifest\.json does not describe a face set"):
        face_sets.describe(item)
