"""Which generator reads files from elsewhere, by what generators declare."""

from __future__ import annotations

import json

import pytest

from harness._plugins.discovery import load
from harness.components import Params
from harness.errors import UsageError
from harness.faces.source import SourceParams
from harness.recipe.exported import with_stated
from harness.recipe.parameters import params_class
from harness.tools.import_faces import layout_of, readers


@pytest.fixture(scope="module")
def registry():
    return load(autoload=False)


@pytest.mark.parametrize(
    ("names", "generator"),
    [
        (("a/1.jpg", "b/2.png"), "folder"),
        (("faces.zip",), "folder"),
        (("train.rec", "train.idx"), "recordio"),
        (("a/1.jpg", "rows.parquet"), "parquet"),
        (("0.tar", "1.tar"), "webdataset"),
    ],
)
def test_built_in_generators_read_what_they_declare(registry, tmp_path, names, generator):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert layout_of(tmp_path, readers(registry)) == generator
    if len(names) == 1:
        assert layout_of(tmp_path / names[0], readers(registry)) == generator


def test_what_is_read_by_two_generators_or_none_is_asked_for(tmp_path):
    (tmp_path / "x.rec").touch()
    with pytest.raises(UsageError, match="files of other and recordio; choose one with --format"):
        layout_of(tmp_path, {"": ["folder"], ".rec": ["recordio", "other"]})
    with pytest.raises(UsageError, match="no generator says that it reads"):
        layout_of(tmp_path, {".tar": ["webdataset"]})
    with pytest.raises(UsageError, match=r"x\.rec is none of \.tar, \.zip; .*--format"):
        layout_of(tmp_path / "x.rec", {"": ["folder"], ".zip": ["folder"], ".tar": ["webdataset"]})


@pytest.mark.parametrize(
    ("generator", "wanted"),
    [("webdataset", {"template": "arcface"}), ("parquet", {"template": "arcface"}),
     ("recordio", {"template": "arcface", "labels": "header"}),
     ("folder", {"landmarks": "landmarks.txt"})],
)  # fmt: skip
def test_an_export_states_how_it_is_read(registry, tmp_path, generator, wanted):
    (tmp_path / "faceset.json").write_text(json.dumps({"template": "arcface"}))
    (tmp_path / "landmarks.txt").touch()
    params = params_class(registry.find("generator", generator))
    for root in (tmp_path, tmp_path / "landmarks.txt"):
        assert with_stated(params, {"root": root}) == {"root": root, **wanted}
    given = {"root": tmp_path}
    assert with_stated(Params, given) == given
    (tmp_path / "faceset.json").unlink()
    assert with_stated(SourceParams, given) == given
