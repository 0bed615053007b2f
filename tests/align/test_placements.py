from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from harness.align.placements import Placements
from harness.errors import DataError


def sample():
    landmarks = np.arange(40, dtype=np.float32).reshape(4, 5, 2)
    landmarks[[1, 3]] = np.nan
    scores = np.array([0.5, np.nan, 1.0, np.nan], np.float32)
    reasons = ["", "no face found", "no face found", "unreadable: a"]
    return Placements(landmarks, scores, ["detector", "none", "box", "none"], reasons)


def test_counts_and_failures():
    placements = sample()
    assert len(placements) == 4
    assert placements.failed.tolist() == [False, True, False, True]
    assert placements.counts() == {"detector": 1, "box": 1, "none": 2}
    assert placements.failures() == {"no face found": 1, "unreadable: a": 1}


def test_round_trip(tmp_path):
    path = tmp_path / "placements.arrow"
    before = sample()
    before.save(path)
    after = Placements.load(path)
    assert np.array_equal(after.landmarks, before.landmarks, equal_nan=True)
    assert np.array_equal(after.scores, before.scores, equal_nan=True)
    assert after.landmarks.dtype == after.scores.dtype == np.float32
    assert list(after.methods) == before.methods
    assert list(after.reasons) == before.reasons
    assert after.landmarks.flags.writeable
    assert [file.name for file in tmp_path.iterdir()] == ["placements.arrow"]


def test_no_rows_round_trip(tmp_path):
    empty = Placements(np.empty((0, 5, 2), np.float32), np.empty(0, np.float32), [], [])
    empty.save(tmp_path / "e")
    assert len(Placements.load(tmp_path / "e")) == 0


def test_the_same_rows_are_the_same_bytes(tmp_path):
    sample().save(tmp_path / "a")
    sample().save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "placements.arrow"
    sample().save(path)
    old = path.read_bytes()

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        sample().save(path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_truncated_and_foreign_files_are_named(tmp_path):
    path = tmp_path / "p.arrow"
    sample().save(path)
    data = path.read_bytes()
    for share in (0, 0.3, 0.9):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(DataError, match=r"p\.arrow"):
            Placements.load(path)
    other = tmp_path / "other.arrow"
    table = pa.table({"x": [1, 2]})
    with pa.ipc.new_file(str(other), table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(DataError, match=r"other\.arrow .*this is not a file of placements"):
        Placements.load(other)
    with pytest.raises(DataError, match=r"absent"):
        Placements.load(tmp_path / "absent")


@pytest.mark.parametrize(
    ("landmarks", "methods", "message"),
    [
        (np.zeros((2, 5, 2), np.float32), ["given"], "shapes"),
        (np.zeros((1, 5, 2), np.float32), ["guess"], "'guess'"),
        (np.full((1, 5, 2), np.nan, np.float32), ["given"], "not finite"),
    ],
)
def test_inconsistent_columns_are_refused(landmarks, methods, message):
    with pytest.raises(DataError, match=message):
        Placements(landmarks, np.zeros(len(methods), np.float32), methods, [""] * len(methods))
