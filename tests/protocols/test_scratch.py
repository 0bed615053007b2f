"""Large columns in scratch files, and that memory does not grow where it must not."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from harness.errors import PrerequisiteError
from harness.metrics import pool_templates, search_gallery, template_layout
from harness.metrics.pairs import pair_scores
from harness.protocols import scratch
from harness.protocols.base import Embeddings
from harness.protocols.template_lists import PairSplit
from harness.protocols.template_sets import TemplateRules, TemplateSet
from harness.protocols.templates import TemplateVerification


@pytest.mark.parametrize("size", [10, 5000])
def test_values_outlive_their_memory(size, monkeypatch):
    monkeypatch.setattr(scratch, "IN_MEMORY", 100)
    column = scratch.float_column(size)
    column[:] = np.arange(size)
    scratch.release(column)
    part = column[3:7]
    del column
    np.testing.assert_array_equal(part, [3, 4, 5, 6])
    assert part.dtype == np.float32


def test_a_full_disk_is_an_error_with_advice(monkeypatch):
    def full(file, first, size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scratch.os, "posix_fallocate", full, raising=False)
    with pytest.raises(PrerequisiteError, match=r"17 MB for scores cannot be had in .*TMPDIR"):
        scratch.float_column(1 << 22)


def peak(function) -> int:
    tracemalloc.start()
    kept = function()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del kept
    return found


def growth(measure, small: int, large: int) -> float:
    """Bytes that each item more adds to the peak."""
    measure(small)  # imports and caches
    return (measure(large) - measure(small)) / (large - small)


def test_pooling_holds_a_few_bytes_an_image(monkeypatch):
    monkeypatch.setattr("harness.metrics.templates._CHUNK_IMAGES", 256)
    monkeypatch.setattr("harness.metrics.pooling._NORM_ROWS", 256)
    rng = np.random.default_rng(0)
    plain, mirror = rng.normal(size=(2, 8000, 128)).astype(np.float32)

    def measure(n: int) -> int:
        layout = template_layout(np.sort(np.arange(n) % 40))
        return peak(lambda: pool_templates(plain[:n], layout, mirrored=mirror[:n],
                                           detector=np.ones(n, np.float32)))  # fmt: skip

    image = 2 * plain.itemsize * plain.shape[1]
    assert growth(measure, 2000, 8000) < 0.08 * image


def test_a_search_holds_a_few_bytes_a_probe(monkeypatch):
    monkeypatch.setattr("harness.metrics.search._BLOCK_SCORES", 1 << 14)
    rng = np.random.default_rng(0)
    probes = rng.normal(size=(20_000, 16)).astype(np.float32)
    gallery, held = rng.normal(size=(200, 16)).astype(np.float32), np.arange(200)

    def measure(n: int) -> int:
        subjects = np.arange(n) % 300
        return peak(lambda: search_gallery(probes[:n], subjects, gallery, held))

    assert growth(measure, 5000, 20_000) < 0.1 * 4 * 200  # of a probe's row of scores


def test_pair_scores_hold_little_beyond_their_result(monkeypatch):
    monkeypatch.setattr("harness.metrics.pairs._BLOCK_SCORES", 1 << 12)
    rng = np.random.default_rng(0)
    templates = rng.normal(size=(400, 32)).astype(np.float32)
    left, right = np.sort(rng.integers(400, size=200_000)), rng.integers(400, size=200_000)

    def measure(n: int) -> int:
        step = left.size // n
        return peak(lambda: pair_scores(templates, left[::step], right[::step]))

    assert growth(measure, 50_000, 200_000) < 8  # 4 of the score, 1 to see that they are sorted


def test_eight_cells_take_hardly_more_memory_than_one(monkeypatch):
    monkeypatch.setattr(scratch, "IN_MEMORY", 100)
    rng = np.random.default_rng(0)
    n = 600
    arrays = [np.arange(n), np.arange(n) // 2, np.arange(n), np.arange(n) // 6]
    templates = TemplateSet(*(values.astype(np.int32) for values in arrays))
    a, b = (ids.astype(np.int32) for ids in np.triu_indices(300, 1))
    split = PairSplit(templates, a, b, a // 3 == b // 3)
    plain, mirror = rng.normal(size=(2, n, 8)).astype(np.float32)
    found = Embeddings(plain, mirror, np.ones(n, bool), ())

    def table(rules: TemplateRules) -> int:
        compared = TemplateVerification("t", [split], rules, (), fars=(1e-2, 1e-1))

        def whole():
            scores = compared.score(found)
            return scores, compared.evaluate(scores, 0)

        whole()
        return peak(whole)

    eight = table(TemplateRules(np.ones(n, np.float32)))
    one = table(TemplateRules(flip="none", fusion="pool"))  # two cells: norms kept and removed
    assert eight < one + 1.5 * 4 * a.size
