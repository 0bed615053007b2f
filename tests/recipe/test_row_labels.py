from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.recipe.row_labels import with_labels
from harness.recipe.tables import Faces, ModelUse


def labels(generators, models, *said):
    found = with_labels([Faces(use=g) for g in generators], [ModelUse(use=m) for m in models], said)
    return [[use.label for use in kind] for kind in found]


def test_a_name_is_that_of_the_generator_or_of_the_ready_model():
    assert labels(["folder"], ["net"], "MyFaces") == [["MyFaces"], [None]]
    assert labels([], ["onnx"], "Mine, v2") == [[], ["Mine, v2"]]


def test_one_of_several_is_named_by_its_entry():
    assert labels(["bfm", "folder"], ["net"], "folder=MyFaces", "net=small") == [
        [None, "MyFaces"], ["small"],
    ]  # fmt: skip


def test_a_label_keeps_what_follows_the_first_sign():
    assert labels(["folder"], [], "folder=a=b") == [["a=b"], []]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("MyFaces", "2 entries could be meant; give --label ENTRY=MyFaces"),
        ("other=x", "no generator or model is 'other', only bfm, folder, net"),
        ("bfm=", "the label is empty"),
        ("bfm= ", "the label is empty"),
    ],
)
def test_what_is_unclear_is_refused(said, message):
    with pytest.raises(UsageError, match=message):
        labels(["bfm", "folder"], ["net"], said)


def test_nothing_to_label():
    with pytest.raises(UsageError, match="0 entries could be meant"):
        labels([], [], "x")
