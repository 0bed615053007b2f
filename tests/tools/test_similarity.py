from __future__ import annotations

import numpy as np
import pytest

from harness.tools import similarity as module
from harness.tools.similarity import similarity


def faces(rng, identities=30, each=4, size=16):
    centres = rng.normal(0, 1, (identities, size))
    subjects = np.repeat(np.arange(identities), each)
    vectors = (centres[subjects] + rng.normal(0, 0.4, (len(subjects), size))).astype(np.float32)
    return vectors, subjects, [f"{s}/{i % each}" for i, s in enumerate(subjects)]


def test_histograms_and_nearest_pairs_are_those_of_brute_force(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 7)
    vectors, subjects, names = faces(np.random.default_rng(1))
    found = similarity(vectors, subjects, names, {3: "Ada"})
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    a, b = np.triu_indices(len(unit), 1)
    cosine, same = (unit[a] * unit[b]).sum(1), subjects[a] == subjects[b]
    assert sum(found.within) == same.sum()
    assert found.within == pytest.approx(np.histogram(cosine[same], module.EDGES)[0], abs=1)
    assert found.between == pytest.approx(np.histogram(cosine[~same], module.EDGES)[0], abs=1)
    mean = np.stack([unit[subjects == s].mean(0) for s in range(30)])
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    every = (mean @ mean.T)[np.triu_indices(30, 1)]
    assert [near.score for near in found.nearest] == pytest.approx(
        np.sort(every)[::-1][: module.PAIRS], abs=1e-5
    )


def test_one_person_under_two_labels_comes_first_by_name():
    vectors, subjects, names = faces(np.random.default_rng(2))
    vectors[subjects == 20] = vectors[subjects == 3]
    first = similarity(vectors, subjects, names, {3: "Ada", 20: "Bea"}).nearest[0]
    assert (first.identity, first.other) == ("Ada", "Bea")
    assert (first.image, first.other_image) == ("3/0", "20/0")
    assert first.score == pytest.approx(1, abs=1e-5)


def test_a_large_set_is_sampled_by_whole_identities(monkeypatch):
    monkeypatch.setattr(module, "MOST_IMAGES", 40)
    monkeypatch.setattr(module, "MOST_IDENTITIES", 5)
    vectors, subjects, names = faces(np.random.default_rng(3))
    found = similarity(vectors, subjects, names, {})
    assert found.images == 4 * found.identities == 40
    assert len(found.nearest) == 10


def test_faces_without_an_embedding_are_left_out_and_one_identity_has_no_likeness():
    vectors, subjects, names = faces(np.random.default_rng(4))
    vectors[subjects != 7] = np.nan
    assert similarity(vectors, subjects, names, {}) is None
    vectors[0] = 1
    assert similarity(vectors, subjects, names, {}).images == 5
