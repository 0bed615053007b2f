"""The stored scores of a cell."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from harness.errors import DataError
from harness.reporting.compare.scores import read_stored
from harness.results.columns import write_columns

FAR = 0.1
CELL = "raw-norm+no-detector+no-flip"


def template_scores():
    """Scores of all pairs of 24 templates of 12 subjects."""
    a, b = np.triu_indices(24, 1)
    subject = np.arange(24) // 2
    genuine = subject[a] == subject[b]
    score = np.random.default_rng(0).normal(size=a.size).astype(np.float32)
    columns = {"first": a, "second": b, "genuine": genuine, f"score:{CELL}": score}
    return columns, np.stack([np.zeros(24, int), np.arange(24), subject], axis=1).astype(np.int32)


def cell_of(folder, columns, *, value=0.5, raw=None):
    write_columns(folder / "scores.arrow", columns)
    metric = SimpleNamespace(headline=True, value=value, at={"far": FAR})
    result = SimpleNamespace(
        files={},
        metrics=[metric],
        raw=raw or {"scores": "scores.arrow"},
        protocol={"id": f"ijb/{CELL}@1"},
    )

    def file(name):
        return folder / name if name else None

    return SimpleNamespace(folder=folder, result=result, file=file)


def test_of_the_stored_cells_only_the_headline_is_read(tmp_path):
    columns, table = template_scores()
    np.save(tmp_path / "template_subjects.npy", table)
    more = columns | {"score:unit-norm+no-detector+no-flip": columns[f"score:{CELL}"]}
    raw = {"scores": "scores.arrow", "template_subjects": "template_subjects.npy"}
    found = read_stored(cell_of(tmp_path, more, raw=raw))
    assert found.columns.keys() == columns.keys()
    for name, values in columns.items():
        np.testing.assert_array_equal(found.columns[name], values)
    np.testing.assert_array_equal(found.subjects, table)
    assert read_stored(cell_of(tmp_path, columns, value=None)) is None
    with pytest.raises(DataError, match="are gone"):
        read_stored(cell_of(tmp_path, columns, raw={"scores": "absent.arrow"}))
