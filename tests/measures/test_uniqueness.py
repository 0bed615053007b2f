"""Against a loop, planted twins, and closed forms of caps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.measures.embedded import embedded
from harness.measures.uniqueness import (
    cap_share,
    capacity,
    greedy,
    lowest_cosines,
    unique,
    unique_curve,
)
from tests.measures.made import people


def kept_one_by_one(centres: np.ndarray, order: np.ndarray, cosine: float) -> list[int]:
    kept: list[int] = []
    for k in order:
        if all(float(centres[k] @ centres[j]) <= cosine for j in kept):
            kept.append(int(k))
    return kept


@pytest.mark.parametrize("cosine", [0.0, 0.2, 0.5, 0.9])
def test_greedy_is_that_of_a_loop(cosine: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.measures.uniqueness._BLOCK", 16)
    monkeypatch.setattr("harness.measures.uniqueness._ROWS", 5)
    centres = embedded(*people(80, 1, 0.1, dim=8)).unit
    order = np.random.default_rng(1).permutation(80)
    assert order[greedy(centres, order, cosine)].tolist() == kept_one_by_one(centres, order, cosine)


def test_planted_twins_are_counted_once() -> None:
    vectors, labels = people(50, 4, 0.1, dim=128)
    vectors[:40] = vectors[40:80] + 0.05 * np.random.default_rng(0).normal(size=(40, 128))
    found = unique(embedded(vectors, labels))
    assert (found.metric, found.value, found.n) == ("unique@cos=0.4", 40.0, 50)


def test_curve_ends_where_the_set_does() -> None:
    faces = embedded(*people(60, 2, 0.1, dim=6))
    curve = unique_curve(faces, np.random.default_rng(0), points=6)
    assert curve.identities[0] == 1
    assert curve.mean[0] == 1
    assert curve.identities[-1] == 60
    assert all(a <= b for a, b in zip(curve.mean, curve.mean[1:], strict=False))
    assert all(
        low <= mean <= high
        for low, mean, high in zip(curve.low, curve.mean, curve.high, strict=True)
    )


def test_lowest_cosines_are_those_of_the_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = embedded(*people(40, 2, 0.3)).unit
    monkeypatch.setattr("harness.measures.uniqueness._ROWS", 7)
    assert lowest_cosines(unit) == pytest.approx((unit @ unit.T).min(axis=1), abs=1e-6)


@pytest.mark.parametrize("dimension", [2, 3, 8, 512])
def test_caps_by_integration(dimension: int) -> None:
    def integral(angle: float) -> float:
        phi = np.linspace(0, angle, 200_001)
        return float(np.trapezoid(np.sin(phi) ** (dimension - 2), phi))

    for angle in (0.3, 1.0, math.pi / 2, 2.0, 3.0):
        assert cap_share(angle, dimension) == pytest.approx(
            integral(angle) / integral(math.pi), rel=1e-4, abs=1e-12
        )
    if dimension == 3:  # Archimedes: area grows with the height
        assert cap_share(1.0, 3) == pytest.approx((1 - math.cos(1.0)) / 2)


def test_capacity_by_hand() -> None:
    vectors, labels = people(30, 5, 0.3, dim=3)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    gram = unit @ unit.T
    population = math.acos(max(-1.0, np.quantile(gram.min(axis=1), 0.05))) / 2
    arcs = [math.acos(gram[np.ix_(labels == k, labels == k)].min()) for k in range(30)]
    identity, delta = float(np.median(arcs)) / 2, math.acos(0.9) / 2
    expected = (1 - math.cos(population + delta)) / (1 - math.cos(identity + delta))
    (found,) = capacity(embedded(vectors, labels), [0.9])
    assert found.metric == "capacity@cos=0.9"
    assert found.value == pytest.approx(expected, rel=1e-3)


def test_capacity_is_never_below_one_and_needs_pairs() -> None:
    (one,) = capacity(embedded(np.ones((6, 4)), [0, 0, 0, 1, 1, 1]), [0.4])
    assert one.value == 1.0
    (none,) = capacity(embedded(np.eye(4), [0, 1, 2, 3]), [0.4])
    assert none.value is None
    assert "two images" in none.why
