"""Against the metrics of benchmarks on all pairs, closed forms of normal scores, and small sums."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from harness.measures import separability as room
from harness.measures.embedded import embedded
from harness.measures.pair_counts import count_pairs, genuine_pairs, resample
from harness.measures.separability import separability
from harness.metrics.roc import auc, equal_error_rate
from harness.metrics.scores import sort_scores
from harness.metrics.uncertainty.bootstrap import draw_subject_weights
from tests.measures.made import people


def all_pairs(
    vectors: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[list[float], list[float]]:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    kinds: tuple[list[float], list[float]] = ([], [])
    for i, j in itertools.combinations(range(len(unit)), 2):
        kinds[int(labels[i] != labels[j])].append(float(unit[i] @ unit[j]))
    return kinds


@pytest.mark.parametrize(
    ("identities", "images", "spread"), [(3, 4, 0.5), (40, 5, 0.9), (90, 3, 0.3), (60, 8, 0.7)]
)
def test_counts_are_those_of_all_pairs(identities: int, images: int, spread: float) -> None:
    vectors, labels = people(identities, images, spread)
    genuine, impostor = all_pairs(vectors, labels)
    found = {
        row.metric: row for row in separability(embedded(vectors, labels), np.random.default_rng(1))
    }
    scores = sort_scores(np.array(genuine), np.array(impostor))
    assert found["eer"].value == pytest.approx(equal_error_rate(scores).value, abs=2e-3)
    assert found["auc"].value == pytest.approx(auc(scores), abs=1e-3)
    assert found["genuine_mean"].value == pytest.approx(np.mean(genuine), abs=2e-5)
    assert found["impostor_std"].value == pytest.approx(np.std(impostor), abs=2e-5)
    pooled = np.sqrt((np.var(genuine) + np.var(impostor)) / 2)
    assert found["d_prime"].value == pytest.approx(
        (np.mean(genuine) - np.mean(impostor)) / pooled, abs=1e-3
    )
    edges = np.linspace(-1, 1, 257)
    shares = [np.histogram(kind, edges)[0] / len(kind) for kind in (genuine, impostor)]
    if len(genuine) < 1000:  # too few for a histogram of 256 bins
        assert found["overlap"].value is None
        assert f"{len(genuine)} genuine pairs; 1,000 are needed" in found["overlap"].why
    else:
        assert found["overlap"].value == pytest.approx(np.minimum(*shares).sum(), abs=5e-3)
        assert found["overlap"].low is None  # resamples are lower than the value
    for name, rate in (("fmr100", 0.01), ("fmr1000", 0.001)):
        if len(impostor) * rate >= 1:
            ordered = np.sort(impostor)[::-1]
            least = ordered[int(rate * len(impostor))]
            expected = np.mean(np.array(genuine) <= least)
            assert found[name].value == pytest.approx(expected, abs=0.02)
    for row in found.values():
        if row.value is not None and row.low is not None and row.high is not None:
            assert row.low <= row.value <= row.high


def test_every_impostor_pair_counts_once_and_none_twice() -> None:
    vectors, labels = people(150, 3, 0.5)
    labels[:60] = 7  # one large identity, over several blocks
    counts = count_pairs(embedded(vectors, labels), np.random.default_rng(0), cap=10**6)
    sizes = np.unique(labels, return_counts=True)[1]
    genuine = int((sizes * (sizes - 1) // 2).sum())
    total = len(labels) * (len(labels) - 1) // 2
    assert counts.genuine.sum() == genuine
    assert counts.impostor.sum() == total - genuine == counts.impostor_of.sum()
    assert counts.genuine_of.sum() == genuine


def test_blocks_smaller_than_a_group_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, labels = people(30, 7, 0.5)
    whole = count_pairs(embedded(vectors, labels), np.random.default_rng(0), groups=3)
    monkeypatch.setattr("harness.measures.pair_counts._ROWS", 13)
    cut = count_pairs(embedded(vectors, labels), np.random.default_rng(0), groups=3)
    # A product of another shape may round a cosine into the next bin, and no further.
    assert np.abs(np.cumsum(whole.impostor) - np.cumsum(cut.impostor)).max() <= 20
    assert whole.impostor.sum() == cut.impostor.sum()


def test_genuine_pairs_are_distinct_and_of_one_identity() -> None:
    vectors, labels = people(5, 40, 0.5)
    faces = embedded(vectors, labels)
    left, right, capped = genuine_pairs(faces, np.random.default_rng(0), 50)
    assert capped == 5
    assert len(left) == 250
    assert (left < right).all()
    assert len({*zip(left.tolist(), right.tolist(), strict=True)}) == 250
    assert (faces.codes[left] == faces.codes[right]).all()
    every = genuine_pairs(faces, np.random.default_rng(0), 10**6)
    assert len({*zip(every[0].tolist(), every[1].tolist(), strict=True)}) == 5 * 40 * 39 // 2


def normal_counts(mean: float, std: float, bins: int = 4096) -> NDArray[np.float64]:
    edges = np.linspace(-1, 1, bins + 1)
    return (np.diff(norm.cdf(edges, mean, std)) * 1e9)[None]


def test_normal_scores_have_their_closed_forms() -> None:
    genuine, impostor = normal_counts(0.5, 0.1), normal_counts(0.1, 0.1)
    assert room.d_prime(genuine, impostor)[0] == pytest.approx(4.0, abs=1e-3)
    assert room.eer(genuine, impostor)[0] == pytest.approx(norm.cdf(-2), abs=1e-4)
    assert room.area(genuine, impostor)[0] == pytest.approx(norm.cdf(4 / np.sqrt(2)), abs=1e-6)
    assert room.overlap(genuine, impostor)[0] == pytest.approx(2 * norm.cdf(-2), abs=2e-3)
    at = room.fnmr_at(0.01)(genuine, impostor)[0]
    assert at == pytest.approx(norm.cdf((0.1 + 0.1 * norm.isf(0.01) - 0.5) / 0.1), abs=2e-3)


def test_other_people_who_are_more_alike_give_a_negative_d_prime() -> None:
    """Labels exchanged between two people: the images of one name are of two."""
    genuine, impostor = normal_counts(0.1, 0.1), normal_counts(0.5, 0.1)
    assert room.d_prime(genuine, impostor)[0] == pytest.approx(-4.0, abs=1e-3)
    assert room.overlap(impostor, impostor)[0] == pytest.approx(1.0)


def test_replicates_of_few_identities_are_those_of_the_pairs() -> None:
    vectors, labels = people(6, 3, 0.6)
    faces = embedded(vectors, labels)
    counts = count_pairs(faces, np.random.default_rng(3), cap=100)
    drawn = resample(counts, 50, np.random.default_rng(4))
    group_of = np.random.default_rng(3).permutation(np.arange(6) % 64)
    weights = draw_subject_weights(6, 50, np.random.default_rng(4)).astype(float)[group_of]
    for b in (0, 7, 49):
        genuine = sum(weights[k, b] * 3 for k in range(6))
        impostor = sum(
            weights[i, b] * weights[j, b] * 9 for i, j in itertools.combinations(range(6), 2)
        )
        assert drawn.genuine[b].sum() == pytest.approx(genuine)
        assert drawn.impostor[b].sum() == pytest.approx(impostor)


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]])
def test_what_has_no_pairs_says_so(labels: list[int]) -> None:
    vectors = np.eye(3, dtype=np.float32)
    found = separability(embedded(vectors, labels), np.random.default_rng(0))
    assert all(row.value is None and row.why for row in found)


def test_equal_embeddings_are_no_better_than_chance() -> None:
    faces = embedded(np.ones((30, 4), np.float32), np.arange(30) // 3)
    found = {row.metric: row for row in separability(faces, np.random.default_rng(0))}
    assert found["auc"].value == 0.5
    assert found["eer"].value == pytest.approx(0.5)
    assert found["d_prime"].value is None
    assert "finite" in found["d_prime"].why
