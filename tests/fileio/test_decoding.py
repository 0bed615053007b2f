from __future__ import annotations

import time

import pytest

from harness.embedding.extract import load
from harness.errors import DataError, UsageError
from harness.faces.source import SourceParams
from harness.fileio.decoding import DEEPEST, json_value, toml_table
from harness.recipe.exported import with_stated
from harness.store.artifacts import Store
from harness.store.assets import Links


@pytest.mark.parametrize(
    "text",
    ["[" * 200_000, "[" * 200_000 + "]" * 200_000, '{"a":' * 9_000 + "1" + "}" * 9_000,
     '"\\ud800"', '{"id": "\\udfff"}', "1" * 5_000, "", "\x00", '"\ud800"', b"\xff"],
    ids=range(10),
)  # fmt: skip
def test_hostile_json_is_a_value_error(text):
    with pytest.raises(ValueError):  # noqa: PT011 (whatever its words)
        json_value(text)


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 100_000, "a = " + "[" * 70 + "]" * 70, "a." * 300_000 + "a = 1",
     "[" + "a." * 300_000 + "a]", "[[" + '"a" . ' * 100_000 + "a]]",
     "a = " + "{a = " * 100 + "1" + "}" * 100, "a = " + "1" * 5_000],
    ids=range(7),
)  # fmt: skip
def test_hostile_toml_is_a_value_error_soon(text):
    start = time.perf_counter()
    with pytest.raises(ValueError):  # noqa: PT011
        toml_table(text)
    assert time.perf_counter() - start < 5


def test_ordinary_depth_is_read():
    text = "a = " + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)
    assert toml_table(text)["a"]
    assert toml_table('note = "' + "a.b." * 10 + '"')["note"]
    assert json_value('{"a": [1, 2.5, null, "\\u00e9"]}') == {"a": [1, 2.5, None, "\xe9"]}


def test_readers_of_foreign_files_refuse_deep_json(tmp_path, home):
    deep = "[" * 100_000
    (tmp_path / "faceset.json").write_text(deep)
    with pytest.raises(DataError, match=r"faceset\.json"):
        with_stated(SourceParams, {"root": tmp_path})
    (home / "assets.json").write_text(deep)
    with pytest.raises(UsageError, match="is damaged"):
        Links(Store(home)).all()
    (tmp_path / "embeddings.json").write_text(deep)
    with pytest.raises(DataError):
        load(tmp_path)
