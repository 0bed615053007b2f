from __future__ import annotations

import sys

import numpy as np
import pytest
from sklearn.preprocessing import normalize

from harness.errors import DataError
from harness.metrics import pair_scores, squared_distances


def unit(shape, seed=0):
    return normalize(np.random.default_rng(seed).normal(size=shape)).astype(np.float32)


@pytest.mark.parametrize("n_pairs", [1, 40, 30_000])  # one by one, mixed, dense blocks
@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("block", [1 << 21, 700])
def test_scores_are_inner_products(n_pairs, ordered, block, monkeypatch):
    monkeypatch.setattr(sys.modules["harness.metrics.pairs"], "_BLOCK_SCORES", block)
    templates = unit((300, 24))
    rng = np.random.default_rng(n_pairs)
    left, right = rng.integers(0, 120, n_pairs), rng.integers(90, 300, n_pairs)
    if ordered:
        left = np.sort(left)
    scores = pair_scores(templates, left, right)
    expected = np.einsum("pd,pd->p", templates[left].astype(float), templates[right])
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, atol=2e-6)


def test_a_few_dense_rows_among_sparse_ones():
    templates = unit((500, 8))
    left = np.concatenate((np.repeat(np.arange(4), 500), np.arange(4, 500)))
    right = np.concatenate((np.tile(np.arange(500), 4), np.arange(496)[::-1]))
    expected = (templates[left].astype(float) * templates[right]).sum(axis=1)
    np.testing.assert_allclose(pair_scores(templates, left, right), expected, atol=2e-6)


def test_templates_that_are_not_enrolled_score_minus_infinity():
    templates = unit((6, 4))
    templates[2] = 0
    enrolled = np.arange(6) != 2
    scores = pair_scores(templates, [0, 2, 1], [1, 3, 2], enrolled)
    assert np.isneginf(scores).tolist() == [False, True, True]


def test_no_pairs_no_scores():
    assert pair_scores(unit((3, 2)), np.zeros(0, int), np.zeros(0, int)).shape == (0,)


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        ([0, 3], [0, 0], r"left rows must be in 0\.\.2"),
        ([0], [-1], "right rows"),
        ([0, 1], [0], "2 entries"),
        ([0.0], [0], "integers"),
    ],
)
def test_rows_out_of_range_are_named(left, right, message):
    with pytest.raises(DataError, match=message):
        pair_scores(unit((3, 2)), left, right)


def test_templates_that_are_not_finite_are_named():
    templates = unit((5, 3))
    templates[3, 1] = np.nan
    with pytest.raises(DataError, match="1 of 5 rows are not finite, the first is row 3"):
        pair_scores(templates, [0], [1])


def test_squared_distances_are_those_of_verification_scripts():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 50, 16)).astype(np.float32)
    difference = normalize(a.astype(float)) - normalize(b.astype(float))
    np.testing.assert_array_equal(squared_distances(a, b), np.sum(np.square(difference), 1))
    wide = rng.normal(size=(2, 50, 16))  # a float64 sum with the mirrored image keeps its digits
    difference = normalize(wide[0]) - normalize(wide[1])
    np.testing.assert_array_equal(squared_distances(*wide), np.sum(np.square(difference), 1))
    np.testing.assert_allclose(squared_distances(a, -a), 4.0)
    assert squared_distances(a, 3 * a).max() < 1e-12


def test_embeddings_without_direction_or_partner_are_named():
    a = np.ones((3, 2), np.float32)
    b = a.copy()
    b[1] = 0
    with pytest.raises(DataError, match="right embeddings: row 1 is zero"):
        squared_distances(a, b)
    with pytest.raises(DataError, match="do not pair"):
        squared_distances(a, a[:2])
    with pytest.raises(DataError, match="left embeddings: 1 of 3 rows"):
        squared_distances(np.where(b == 0, np.inf, b), a)
