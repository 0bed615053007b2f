"""Against sums over pairs, closed forms, and sets with a known number of different faces."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from harness.measures.diversity import diversity, vendi
from harness.measures.embedded import embedded
from tests.measures.made import people


def test_means_over_pairs_and_identities() -> None:
    vectors, labels = people(15, 6, 0.8)
    found = {
        row.metric: row for row in diversity(embedded(vectors, labels), np.random.default_rng(0))
    }
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    groups = [unit[labels == k] for k in range(15)]
    distance = [1 - np.mean([a @ b for a, b in itertools.combinations(g, 2)]) for g in groups]
    assert found["intra_distance"].value == pytest.approx(np.mean(distance), abs=1e-5)
    traces = [np.trace(np.cov(g.T)) for g in groups]
    assert found["intra_variance"].value == pytest.approx(np.mean(traces), abs=1e-5)
    centres = np.array([g.mean(axis=0) / np.linalg.norm(g.mean(axis=0)) for g in groups])
    cosines = [a @ b for a, b in itertools.combinations(centres, 2)]
    assert found["inter_cos"].value == pytest.approx(np.mean(cosines), abs=1e-5)
    assert found["inter_cos_top"].value == pytest.approx(max(cosines), abs=1e-3)
    values = np.linalg.eigvalsh(np.cov(centres.T))
    assert found["effective_dim"].value == pytest.approx(
        values.sum() ** 2 / (values**2).sum(), rel=1e-4
    )
    for row in found.values():
        if row.low is not None and row.high is not None and row.value is not None:
            assert row.low <= row.value <= row.high


@pytest.mark.parametrize("different", [1, 2, 5])
def test_vendi_counts_different_images(different: int) -> None:
    rows = np.repeat(np.eye(8, dtype=np.float32)[:different], 10 // different, axis=0)
    assert vendi(rows) == pytest.approx(different, rel=1e-6)


def test_vendi_against_the_entropy_of_the_covariance() -> None:
    rows = np.random.default_rng(0).normal(size=(7, 40)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    values = np.linalg.svd(rows, compute_uv=False) ** 2 / 7
    assert vendi(rows) == pytest.approx(np.exp(-(values * np.log(values)).sum()), rel=1e-5)


def test_more_spread_is_more_diverse() -> None:
    narrow, wide = (
        {
            row.metric: row.value
            for row in diversity(embedded(*people(20, 6, spread)), np.random.default_rng(0))
        }
        for spread in (0.2, 0.8)
    )
    for metric in ("intra_distance", "intra_variance", "intra_vendi"):
        assert wide[metric] > narrow[metric], metric  # type: ignore[operator]


def test_what_has_too_few_images_says_so() -> None:
    found = {
        row.metric: row for row in diversity(embedded(*people(5, 1, 0.1)), np.random.default_rng(0))
    }
    assert all(
        found[name].value is None for name in ("intra_distance", "intra_variance", "intra_vendi")
    )
    few = {
        row.metric: row for row in diversity(embedded(*people(2, 3, 0.1)), np.random.default_rng(0))
    }
    assert few["effective_dim"].value is None
    assert few["intra_vendi"].value is None
    assert few["intra_distance"].value is not None
