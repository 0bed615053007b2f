"""Streamed embeddings give what sorted ones give, in the memory of a few blocks."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from harness.errors import DataError
from harness.measures.embedded import embedded
from harness.measures.leakage import find
from harness.measures.streamed import StreamedEmbeddings


def people(rng, count, per=3):
    subjects = rng.permutation(np.repeat(np.arange(count) * 7, per))
    centres = rng.normal(size=(count * 7, 16))
    vectors = (centres[subjects] + 0.6 * rng.normal(size=(len(subjects), 16))).astype(np.float32)
    vectors[5], vectors[9] = np.nan, 0
    vectors[subjects == subjects[20]] = np.nan  # a person of whom nothing embeds
    return vectors, subjects


@pytest.mark.parametrize("kind", ["centre", "image"])
def test_both_forms_of_embeddings_find_the_same(kind):
    rng = np.random.default_rng(1)
    one, other = people(rng, 60), people(rng, 80)
    found = [find(form(*one), form(*other), kind=kind, fmr=0.02)
             for form in (embedded, StreamedEmbeddings)]  # fmt: skip
    first, second = found
    assert first.threshold == pytest.approx(second.threshold, abs=1e-6)
    for name in ("mate", "row", "mate_row", "above"):
        assert getattr(first, name).tolist() == getattr(second, name).tolist()
    assert first.by_chance == pytest.approx(second.by_chance)
    assert first.score == pytest.approx(second.score, abs=1e-6)


def test_sizes_that_disagree_and_nothing_to_compare_are_refused():
    with pytest.raises(DataError, match="do not fit"):
        StreamedEmbeddings(np.ones((3, 2), np.float32), [1, 2])
    with pytest.raises(DataError, match="none of 3 rows"):
        StreamedEmbeddings(np.full((3, 2), np.nan, np.float32), [1, 2, 3])


def test_memory_does_not_grow_with_the_images(tmp_path):
    """Ten times the images cost little more than their labels and results, 64 bytes per image."""

    def peak(count):
        path = tmp_path / f"{count}.npy"
        rows = np.random.default_rng(0).normal(size=(count, 256)).astype(np.float32)
        np.save(path, rows)
        del rows
        faces = np.load(path, mmap_mode="r")
        queries = np.random.default_rng(1).normal(size=(400, 256)).astype(np.float32)
        tracemalloc.start()
        mine = StreamedEmbeddings(queries, np.arange(400))
        find(mine, StreamedEmbeddings(faces, np.arange(count) // 5), kind="image", fmr=1e-3,
             calibrated_on=mine, cautious=True)  # fmt: skip
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    small, large = peak(6_000), peak(60_000)
    print(f"\npeak {small / 2**20:.1f} MiB at 6,000 images, {large / 2**20:.1f} MiB at 60,000")
    assert large - small < 54_000 * 128
    assert large - small < 54_000 * 256 * 4 / 4
