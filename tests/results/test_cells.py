"""The folder of a finished cell: what it vouches for, and what happens to a damaged one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from harness.errors import DataError, PrerequisiteError
from harness.protocols.base import Curve, Evaluation, Scores
from harness.results import cells
from harness.results.columns import write_columns
from harness.results.schema import Result
from harness.store.artifacts import Store
from tests.engine.test_integrity import fields


@pytest.fixture
def cell(tmp_path):
    """A finished cell with a curve and an array, and its result."""
    made = Result.from_fields(fields())
    folder = tmp_path / "cells" / f"{made.id[:12]}-a-b-c-r0"
    folder.mkdir(parents=True)
    write_columns(folder / cells.SCORES, {"distance": np.array([0.5, 1.5])})
    curve = Curve("roc", {"far": np.array([0.1, 1.0]), "tar": np.array([0.5, 1.0])})
    extra = cells.write_extra(folder, Scores({}, {"detector": np.arange(3)}))
    return folder, cells.write_result(folder, made.model_copy(update={
        "curves": cells.write_curves(folder, Evaluation([], [curve], [])),
        "raw": {"scores": cells.SCORES, **extra}, "files": {},
    }))  # fmt: skip


def test_a_cell_is_read_as_it_was_written(cell):
    folder, written = cell
    assert cells.finished(folder) == written
    assert sorted(written.files) == ["curves/roc.arrow", "detector.npy", "scores.arrow"]
    assert cells.fault(folder) == ""
    assert cells.set_aside(folder) == ""


def test_its_scores_come_back_with_their_arrays(cell):
    scores = cells.stored_scores(*cell)
    assert scores.columns["distance"].tolist() == [0.5, 1.5]
    assert scores.extra["detector"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", ["scores.arrow", "detector.npy", "curves/roc.arrow"])
@pytest.mark.parametrize("how", ["altered", "gone"])
def test_a_damaged_file_is_named_and_the_cell_moved_aside(cell, name, how):
    folder, _ = cell
    path = folder / name
    path.unlink() if how == "gone" else path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert cells.finished(folder) is None
    said = cells.set_aside(folder)
    assert str(path) in said
    assert not folder.exists()
    (kept,) = (folder.parents[1] / cells.ASIDE).iterdir()
    assert kept.name == f"{folder.name}.1"


def test_a_file_outside_the_folder_is_not_read(cell, tmp_path):
    folder, written = cell
    (tmp_path / "cells" / "other").write_text("secret")
    with pytest.raises((DataError, ValueError), match=r"\.\./other"):
        cells.stored_file(folder, written, "../other")


@pytest.mark.parametrize("name", ["../up", "a/b", ""])
def test_a_name_from_a_protocol_is_no_path(tmp_path, name):
    curve = Curve(name, {"x": np.zeros(1)})
    with pytest.raises(DataError, match="cannot be written"):
        cells.write_curves(tmp_path, Evaluation([], [curve], []))


def test_embeddings_that_are_gone_are_said(home):
    def result(**inputs):
        return SimpleNamespace(provenance=SimpleNamespace(inputs=inputs))

    with pytest.raises(PrerequisiteError, match="made from scores alone"):
        cells.stored_embeddings(result(), Store(home))
    with pytest.raises(PrerequisiteError, match="is not in the store"):
        cells.stored_embeddings(result(embeddings="a" * 64), Store(home))
