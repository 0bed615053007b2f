"""Setting parameters by dotted paths, and sweeping over them."""

from __future__ import annotations

import itertools

import pytest

from harness.errors import UsageError
from harness.recipe import overrides
from harness.recipe.layers import Sourced
from harness.recipe.parameters import Word
from harness.recipe.tables import Use

HAS = {"a": {"size", "lr"}, "b": {"lr"}, "c": set()}


def accepts(kind, name, key):
    assert kind == "model"
    return key in HAS[name]


def uses(*names, **more):
    return [Use(use=name, **more) for name in names]


def assign(chosen, key, value):
    made = overrides.assign("model", chosen, key, Sourced(value, "flag -M"), accepts)
    return [use.params() for use in made]


def sweep(chosen, **values):
    said = {key.replace("__", "."): Sourced(value, "flag --sweep") for key, value in values.items()}
    return overrides.sweep("model", chosen, said, accepts)


@pytest.mark.parametrize(
    ("path", "parts"),
    [("study.seed", ("study", "seed")), ("model.a.lr", ("model", "a.lr")),
     ("aligner.size", ("aligner", "size")), ("benchmark.x y", ("benchmark", "x y"))],
)  # fmt: skip
def test_a_path_is_a_table_and_a_key(path, parts):
    assert overrides.split(path, "flag --set") == parts


@pytest.mark.parametrize(
    ("path", "message"),
    [("modl.lr", "^flag: 'modl.lr' does not begin with a table, did you mean 'model'"),
     ("", "does not begin with a table"), ("executor.jobs", "does not begin with a table"),
     ("model", "names no key; write model.KEY"), ("model.", "names no key; write model.KEY")],
)  # fmt: skip
def test_a_path_that_is_neither_is_refused(path, message):
    with pytest.raises(UsageError, match=message):
        overrides.split(path, "flag")


def test_a_bare_key_is_for_all_that_have_it():
    assert assign(uses("a", "b", "c"), "lr", 1) == [{"lr": 1}, {"lr": 1}, {}]
    assert assign(uses("a", "b"), "size", 1) == [{"size": 1}, {}]


def test_a_key_that_none_has_is_left_to_the_components_which_name_the_nearest():
    assert assign(uses("a", "b"), "sise", 1) == [{"sise": 1}, {"sise": 1}]


def test_a_name_or_label_picks_entries_and_nested_keys_stay_whole():
    named = [Use(use="a", label="big"), Use(use="a"), Use(use="b")]
    assert assign(named, "a.lr", 1) == [{"lr": 1}, {"lr": 1}, {}]
    assert assign(named, "big.lr", 1) == [{"lr": 1}, {}, {}]
    assert assign(named, "big.optimiser.lr", 1) == [{"optimiser.lr": 1}, {}, {}]
    assert assign(named, "lr.inner", 1) == [{"lr.inner": 1}, {"lr.inner": 1}, {"lr.inner": 1}]


def test_the_longest_name_that_fits_is_meant():
    named = [Use(use="a", label="big"), Use(use="a", label="big.one")]
    assert assign(named, "big.one.lr", 1) == [{}, {"lr": 1}]


def test_what_is_set_replaces_what_was_said_and_remembers_who_set_it():
    (use,) = overrides.assign(
        "model", uses("a", lr=3, size=4, label="x"), "lr", Sourced(5, "flag -M lr"), accepts
    )
    assert (use.params(), use.label) == ({"lr": 5, "size": 4}, "x")
    assert use.origins == {"lr": "flag -M lr"}


@pytest.mark.parametrize(
    ("chosen", "key", "message"),
    [
        ((), "lr", "lr=1 sets a model parameter but no model is selected"),
        (("a",), "use", "'use' is not a parameter; choose components with -g, -m and -b"),
        (("a",), "a.label", "'label' is not a parameter; use --label"),
        (("a",), "published", "'published' is not a parameter; write it into the recipe"),
        (("alpha",), "alpa.lr", "'alpa' is neither a model that is selected .*'alpha'"),
    ],
)
def test_what_cannot_be_set_is_refused(chosen, key, message, monkeypatch):
    monkeypatch.setitem(HAS, "alpha", {"lr"})
    with pytest.raises(UsageError, match=message):
        assign(uses(*chosen), key, 1)


# -- sweeps ------------------------------------------------------------------------------------


def test_a_sweep_makes_every_combination_labelled_by_what_differs():
    made = sweep(uses("a"), lr=[1, 2], size=[3, 4, 5])
    assert [use.params() for use in made] == [
        {"lr": lr, "size": size} for lr, size in itertools.product([1, 2], [3, 4, 5])
    ]
    assert [use.label for use in made][:2] == ["a lr=1, size=3", "a lr=1, size=4"]
    assert made[0].origins == {"lr": "sweep, flag --sweep", "size": "sweep, flag --sweep"}


def test_an_entry_varies_only_in_what_it_has():
    made = sweep([*uses("a", label="mine"), *uses("b", "c")], size=[3, 4], lr=[1])
    assert [(use.label, use.params()) for use in made] == [
        ("mine size=3, lr=1", {"size": 3, "lr": 1}), ("mine size=4, lr=1", {"size": 4, "lr": 1}),
        ("b lr=1", {"lr": 1}), (None, {}),
    ]  # fmt: skip


def test_a_sweep_can_be_for_one_entry_and_overrides_what_it_said():
    made = sweep(uses("a", "b", lr=9), a__lr=[1, 2])
    assert [use.params() for use in made] == [{"lr": 1}, {"lr": 2}, {"lr": 9}]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.1, "0.1"), (1e-7, "1e-07"), (0.30000000000000004, "0.3"), (Word("0.50"), "0.5"),
     (Word("word"), "word"), (True, "True"), ([1, 2], "[1, 2]")],
)  # fmt: skip
def test_labels_show_values_short(value, shown):
    assert sweep(uses("a"), lr=[value])[0].label == f"a lr={shown}"


def test_nothing_to_sweep_changes_nothing():
    chosen = uses("a", "b")
    assert overrides.sweep("model", chosen, {}, accepts) == chosen
    assert overrides.sweep("model", [], {}, accepts) == []


@pytest.mark.parametrize(
    ("chosen", "values", "message"),
    [
        ((), {"lr": [1]}, "--sweep model.lr: no model is selected"),
        (("a",), {"lr": []}, "flag --sweep: sweep of model.lr needs a list of values"),
        (("a",), {"lr": 3}, "flag --sweep: sweep of model.lr needs a list of values"),
        (("a",), {"lr": [*range(101)], "size": [*range(100)]},
         "the sweep over lr, size makes 10,100 cells, more than 10,000"),
    ],
)  # fmt: skip
def test_what_cannot_be_swept_is_refused(chosen, values, message):
    with pytest.raises(UsageError, match=message):
        sweep(uses(*chosen), **values)


def test_one_entry_has_a_limit_of_its_own(monkeypatch):
    monkeypatch.setenv("HARNESS_MAX_CELLS", "1000000")
    with pytest.raises(UsageError, match="gives a 10,100 variants, and at most 10,000"):
        sweep(uses("a"), lr=[*range(101)], size=[*range(100)])


def test_the_largest_sweep_that_is_planned():
    made = sweep(uses("a"), lr=[*range(100)], size=[*range(100)])
    assert len(made) == overrides.MOST_SWEPT
