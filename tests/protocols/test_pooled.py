"""What is said of cells of pooled templates, split after split."""

from __future__ import annotations

import numpy as np
import pytest

from harness.metrics import template_layout
from harness.protocols.pooled import (
    POOLING_NOTES,
    Pooled,
    PoolingNotes,
    note_of,
    warnings_of,
    zero_features,
)

SOME = np.ones((2, 3), np.float32)


def said(*cells, splits=1):
    notes = PoolingNotes()
    for split, cell in enumerate(cells):
        notes.add(cell, split % splits, splits)
    return notes


def test_a_cell_without_a_note_says_nothing():
    assert said(Pooled("a", SOME, "")).extra() == {}
    assert said().extra() == {}


def test_notes_of_one_split_stand_as_they_are():
    extra = said(Pooled("a", SOME, "x"), Pooled("b", SOME, ""), Pooled("c", SOME, "y")).extra()
    assert extra[POOLING_NOTES].tolist() == [["a", "x"], ["c", "y"]]


def test_notes_of_several_splits_name_them():
    cells = [Pooled("a", SOME, note) for note in ("x", "", "x", "y")]
    extra = said(*cells, splits=4).extra()
    assert extra[POOLING_NOTES].tolist() == [["a", "x (split 1, 3); y (split 4)"]]


def test_a_cell_that_one_split_could_not_compute_is_not_kept():
    notes = said(Pooled("a", SOME, ""), Pooled("a", None, "not computed: x"), splits=2)
    notes.add(Pooled("b", SOME, ""), 0, 2)
    assert notes.keep({"a": 1, "b": 2}) == {"b": 2}


def test_zero_features_are_counted_and_the_first_is_named():
    names = [f"{k}.jpg" for k in range(2000)]
    assert zero_features(np.arange(3, 1503), names) == "zero features: 1,500, the first of 3.jpg"


def test_zero_templates_of_enrolled_ids_are_counted():
    layout = template_layout(np.array([7, 7, 9, 11]))
    templates = np.array([[1, 0], [0, 0], [0, 0]], np.float32)
    assert note_of(None, templates, layout, []) == (
        "zero templates: 2, the first is 9; they score 0"
    )
    both = note_of(np.array([1]), templates[[0, 0, 0]], layout, ["a", "b"])
    assert both == "zero features: 1, the first of b; they add nothing to their templates"
    assert note_of(None, templates[[0, 0, 0]], layout, []) == ""


@pytest.mark.parametrize(
    ("notes", "warnings"),
    [
        ({}, []),
        ({"a": "x"}, ["a: x"]),
        ({"b": "x"}, []),
        ({"b": "not computed: z", "c": "not computed: w"}, ["b, c: not computed: z"]),
        ({"a": "x", "b": "not computed: z"}, ["a: x", "b: not computed: z"]),
    ],
)
def test_the_headline_and_what_is_absent_is_warned_of(notes, warnings):
    assert warnings_of(notes, "a") == warnings
