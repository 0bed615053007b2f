from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from harness.errors import DataError
from harness.metrics import nearest as module
from harness.metrics.nearest import impostor_threshold, nearest
from harness.metrics.outcome import NotMeasurable


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_nearest_is_the_full_matrix_whatever_the_blocks(monkeypatch):
    rng = np.random.default_rng(1)
    queries, references = (rng.normal(size=(n, 7)).astype(np.float32) for n in (53, 88))
    full = unit(queries) @ unit(references).T
    full[:, 11] = -2
    queries[5] = np.nan
    queries[6] = 0
    references[11] = np.nan
    for rows in (1, 7, 64, 4096):
        monkeypatch.setattr(module, "_BLOCK_ROWS", rows)
        found = nearest(queries, references)
        sound = np.delete(np.arange(53), [5, 6])
        assert (found.row[sound] == full[sound].argmax(axis=1)).all()
        assert found.score[sound] == pytest.approx(full[sound].max(axis=1), abs=1e-6)
        assert found.row[[5, 6]].tolist() == [-1, -1]
        assert np.isneginf(found.score[[5, 6]]).all()


def test_the_first_of_equal_references_counts_across_blocks(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_ROWS", 2)
    references = np.array([[0, 1], [1, 0], [1, 0], [2, 0], [1, 0]], np.float32)
    assert nearest(np.array([[3, 0]], np.float32), references).row.tolist() == [1]


def test_other_sizes_are_refused():
    with pytest.raises(DataError, match="one model"):
        nearest(np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32))


@pytest.mark.parametrize("rows", [5, 16, 4096])
@pytest.mark.parametrize("fmr", [0.5, 0.1, 0.013, 0.001])
def test_the_threshold_lets_at_most_the_stated_share_in(monkeypatch, rows, fmr):
    monkeypatch.setattr(module, "_BLOCK_ROWS", rows)
    rng = np.random.default_rng(2)
    vectors = np.round(rng.normal(size=(60, 3)), 1).astype(np.float32)  # many ties
    cosines = unit(vectors)
    vectors[7] = np.nan
    subjects = rng.integers(0, 9, 60)
    pairs = [
        (i, j)
        for i in range(60)
        for j in range(i)
        if subjects[i] != subjects[j] and 7 not in (i, j)
    ]
    scores = np.array([cosines[i] @ cosines[j] for i, j in pairs])
    found = impostor_threshold(vectors, subjects, fmr)
    assert found.impostors == len(pairs)
    above = int((scores >= found.value).sum())
    assert above <= fmr * len(pairs)
    assert found.fmr == pytest.approx(above / len(pairs))
    # One step lower would let too many in.
    lower = scores[scores < found.value].max() - 1e-6
    assert (scores >= lower).sum() > fmr * len(pairs)


def test_a_rate_that_the_pairs_cannot_show_is_refused():
    vectors = np.eye(4, dtype=np.float32)
    found = impostor_threshold(vectors, [0, 1, 2, 3], 0.1)
    assert isinstance(found, NotMeasurable)
    assert "6 impostor pairs" in found.reason
    with pytest.raises(ValueError, match="outside"):
        impostor_threshold(vectors, [0, 1, 2, 3], 1.0)


def test_memory_does_not_grow_with_the_references(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_ROWS", 256)
    rng = np.random.default_rng(3)
    queries = rng.normal(size=(300, 16)).astype(np.float32)

    def peak(count):
        references = rng.normal(size=(count, 16)).astype(np.float32)
        tracemalloc.start()
        nearest(queries, references)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(600)
    assert peak(24_000) < 1.2 * peak(600)
