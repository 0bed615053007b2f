"""Descriptions of extractions as others left them."""

from __future__ import annotations

import json

import pytest

from harness.embedding.extract import load
from harness.embedding.records import read_extraction, read_state
from harness.errors import DataError

SOUND = {"images": 2, "size": 3, "mirror": False, "parts": ["plain"], "failures": [],
         "batch_size": 4}  # fmt: skip
WRONG = {
    "images": [-1, 1.5, "2", None, True, 2**70],
    "size": [-1, [], None],
    "mirror": [0, "no", None],
    "parts": [["../x"], "plain", [3], None],
    "failures": [[["a"]], [["a", "b", "c"]], [[1, 2]], {}, None, ["ab"]],
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES, ids=lambda value: repr(value)[:20])
def test_other_types_are_named(tmp_path, name, value):
    (tmp_path / "embeddings.json").write_text(json.dumps({**SOUND, name: value}))
    with pytest.raises(DataError, match=r"embeddings\.json"):
        load(tmp_path)


def test_other_fields_are_kept(tmp_path):
    path = tmp_path / "embeddings.json"
    path.write_text(json.dumps(SOUND))
    assert read_extraction(path).model_dump() == SOUND


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"identity": [], "done": 1}',
        '{"identity": {}, "done": -1}',
        '{"identity": {}, "done": "1"}',
    ],
)
def test_a_state_of_other_types_is_refused(tmp_path, text):
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"."):
        read_state(path)
