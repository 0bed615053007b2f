"""Planted people are found, strangers at the stated rate, and what cannot be shown is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from harness.measures.embedded import embedded
from harness.measures.leakage import LeakSearch, _poisson_binomial_tail, default_fmr, find, leakage
from harness.metrics.outcome import NotMeasurable
from tests.measures.made import people


@pytest.mark.parametrize(("kind", "fmr"), [("centre", 1e-3), ("image", 5e-5)])
def test_planted_people_are_found(kind: str, fmr: float) -> None:
    real, names = people(200, 4, 0.3, seed=1, dim=64)
    made, labels = people(100, 3, 0.3, seed=2, dim=64)
    rng = np.random.default_rng(0)
    for k in range(12):  # twelve synthetic people are real ones with noise
        made[labels == k] = real[names == 10 * k][:3] + 0.3 * rng.normal(size=(3, 64))
    faces, seen = embedded(made, labels), embedded(real, names)
    found = find(faces, seen, kind=kind, fmr=fmr)
    assert isinstance(found, LeakSearch)
    assert found.above[:12].all()
    assert (found.mate[:12] == 10 * np.arange(12)).all()
    assert found.found - 12 <= 3 * found.by_chance + 3
    rate, expected, excess = leakage(faces, found, rng)
    assert rate.value == found.found / 100
    assert expected.value == found.by_chance / 100
    assert excess.low is not None
    assert excess.low > 0
    assert found.p_value < 1e-3
    assert (labels[found.row] == np.arange(100)).all()
    assert (names[found.mate_row] == found.mate).all()


def test_strangers_match_at_the_expected_rate() -> None:
    ratios = []
    for seed in range(8):
        faces = embedded(*people(150, 2, 0.3, seed=100 + seed, dim=32))
        seen = embedded(*people(300, 2, 0.3, seed=200 + seed, dim=32))
        found = find(faces, seen, fmr=1e-3)
        assert isinstance(found, LeakSearch)
        ratios.append(found.found / found.by_chance)
    assert 0.8 < np.mean(ratios) < 1.2


def test_an_identity_counts_once() -> None:
    real, names = people(60, 5, 0.3, seed=1)
    made = np.concatenate([real[names == 0], people(20, 1, 0.3, seed=3)[0]])
    labels = np.array([0] * 5 + list(range(1, 21)))
    found = find(embedded(made, labels), embedded(real, names), kind="image", fmr=0.01)
    assert isinstance(found, LeakSearch)
    assert len(found.above) == 21
    expected = 1 - (1 - found.fmr) ** (np.array([5] + [1] * 20) * 300)
    assert found.by_chance == pytest.approx(expected.sum())


def test_default_rate_lets_one_in_a_hundred_match() -> None:
    faces, seen = embedded(*people(40, 3, 0.3)), embedded(*people(50, 4, 0.3))
    assert default_fmr(faces, seen, "centre") == pytest.approx(0.01 / 50)
    assert default_fmr(faces, seen, "image") == pytest.approx(0.01 / (3 * 200))


def test_few_impostors_refuse() -> None:
    faces, seen = embedded(*people(40, 3, 0.3)), embedded(*people(50, 4, 0.3))
    found = find(faces, seen)
    assert isinstance(found, NotMeasurable)
    assert "10 are needed" in found.reason
    assert all(row.value is None for row in leakage(faces, found, np.random.default_rng(0)))


def test_a_control_takes_its_rate_away() -> None:
    seen = embedded(*people(200, 2, 0.3, seed=1, dim=8))
    faces, other = (
        embedded(*people(80, 2, 0.3, seed=2, dim=8)),
        embedded(*people(90, 2, 0.3, seed=3, dim=8)),
    )
    found, control = find(faces, seen, fmr=1e-3), find(other, seen, fmr=1e-3)
    assert isinstance(found, LeakSearch)
    assert isinstance(control, LeakSearch)
    rows = {
        row.metric: row.value
        for row in leakage(faces, found, np.random.default_rng(0), control=control)
    }
    assert rows["leak_excess"] == pytest.approx(found.found / 80 - control.found / 90)


def test_tail_of_equal_chances_is_binomial() -> None:
    for count in (1, 4, 9):
        tail = _poisson_binomial_tail(count, np.full(50, 0.07))
        assert tail == pytest.approx(binom.sf(count - 1, 50, 0.07), rel=1e-9)
    assert _poisson_binomial_tail(0, np.array([0.5])) == 1.0
