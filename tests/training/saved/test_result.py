"""``training.json`` as others left it."""

from __future__ import annotations

import json

import pytest

from harness.errors import DataError
from harness.training.loop import finished
from harness.training.saved.result import read_training

SUMMARY = {"steps": 1, "planned_steps": 2, "images": 3, "seconds": 0.5, "final_loss": 1.0,
           "wait_share": 0.1, "notes": ["n"], "validation_accuracy": None}  # fmt: skip


def test_a_sound_one_is_read(tmp_path):
    (tmp_path / "training.json").write_text(json.dumps({"summary": SUMMARY, "later": 1}))
    found = finished(tmp_path)
    assert (found.steps, found.notes) == (1, ("n",))
    assert read_training(tmp_path / "training.json").processes == 1


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"summary": 3}', "[" * 5000,
     *(json.dumps({"summary": {**SUMMARY, name: value}})
       for name, value in (("steps", -1), ("steps", "1"), ("seconds", None), ("notes", "n"),
                           ("final_loss", []), ("other", 1), ("images", 2**70))),
     json.dumps({"summary": SUMMARY, "settings": []}),
     json.dumps({"summary": SUMMARY, "processes": 0})],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_other_types_are_named(tmp_path, content):
    (tmp_path / "training.json").write_text(content)
    with pytest.raises(DataError, match=r"training\.json"):
        finished(tmp_path)
