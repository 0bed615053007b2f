"""The test of methods against sums in loops, textbook formulas, and simulations of known truth."""

from __future__ import annotations

import itertools
import zlib

import numpy as np
import pytest
from scipy import stats

from harness.errors import DataError
from harness.metrics.uncertainty import encode_subjects
from harness.metrics.uncertainty.two_level import (
    spread_over_people,
    spread_over_units,
    two_level_test,
)


def pairs_of(rng, people=60, each=100):
    """As many genuine as impostor pairs of people drawn at random."""
    left = rng.integers(people, size=2 * each)
    other = (left + 1 + rng.integers(people - 1, size=2 * each)) % people
    return encode_subjects(left, np.where(np.arange(2 * each) < each, left, other))


def test_pairs_with_a_common_person_vary_together():
    rng = np.random.default_rng(0)
    pairs = pairs_of(rng)
    u = rng.normal(size=(3, 200))
    who = [{a, b} for a, b in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)]
    expected = sum(
        np.outer(u[:, i], u[:, j])
        for i, j in itertools.product(range(200), repeat=2)
        if who[i] & who[j]
    )
    np.testing.assert_allclose(spread_over_people(u, pairs).covariance, expected, atol=1e-9)


def test_rows_of_a_unit_are_summed_and_others_are_units():
    u = np.array([[1.0, -2, 1], [0, 1, -1]])
    np.testing.assert_allclose(spread_over_units(u).covariance, u @ u.T)
    together = spread_over_units(u, [7, 3, 7])
    np.testing.assert_allclose(together.covariance, [[8, -4], [-4, 2]])


def test_two_networks_on_independent_pairs_are_the_paired_t_test():
    """With many pairs its variance is that of a textbook test but for n / (n - 1)."""
    rng = np.random.default_rng(1)
    a, b = (rng.random((2, 5000)) < [[0.9], [0.91]]).astype(float)
    u = np.stack([(x - x.mean()) / x.size for x in (a, b)])
    found = two_level_test([a.mean()], [b.mean()], spread_over_units(u))
    expected = stats.ttest_rel(b, a)
    assert found.difference == pytest.approx(b.mean() - a.mean())
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.02)
    assert found.half_width() == pytest.approx(
        expected.confidence_interval().high - found.difference, rel=0.01
    )


def test_with_endless_pairs_methods_are_students_two_sample_test():
    a, b = [0.81, 0.84, 0.82], [0.86, 0.83]
    found = two_level_test(a, b, spread_over_units(np.zeros((5, 10_000))))
    expected = stats.ttest_ind(b, a)
    assert found.freedom == pytest.approx(3, rel=0.01)
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.01)
    assert found.p_above(0) == pytest.approx(stats.ttest_ind(b, a, alternative="greater").pvalue,
                                             rel=0.01)  # fmt: skip
    assert found.p_below(0) == pytest.approx(1 - found.p_above(0))


def test_what_seeds_and_pairs_do_together_counts_once():
    """Two-way ANOVA of crossed random effects by its mean squares, for equal numbers of seeds."""
    rng = np.random.default_rng(2)
    seeds, n = 4, 300
    x = rng.normal(size=(2, 1, n)) + rng.normal(size=(2, seeds, 1)) + rng.normal(size=(2, seeds, n))
    centred = (x - x.mean(axis=2, keepdims=True)).reshape(2 * seeds, n) / n
    means = x.mean(axis=2)
    found = two_level_test(means[0].tolist(), means[1].tolist(), spread_over_units(centred))
    residual = sum(
        np.square(m - m.mean(0) - m.mean(1, keepdims=True) + m.mean()).sum() for m in x
    ) / (2 * (seeds - 1) * n)
    between = means.var(axis=1, ddof=1).mean() * 2 / seeds
    pair = np.square(x[1].mean(0) - x[0].mean(0) - (means[1] - means[0]).mean()).sum() / n**2
    assert found.seeds == pytest.approx(between)
    assert found.people == pytest.approx(pair - residual / n * 2 / seeds, rel=0.02)


def test_one_more_seed_narrows_the_interval():
    rng = np.random.default_rng(3)
    u = rng.normal(size=(4, 1000)) / 1e5
    found = two_level_test([0.80, 0.84], [0.85, 0.86], spread_over_units(u))
    more = found.with_one_more_seed()
    assert found.freedom == pytest.approx(2, rel=0.01)
    assert more.freedom == pytest.approx(4, rel=0.01)
    assert more.seeds == pytest.approx(found.seeds * 2 / 3)
    assert more.half_width() < 0.6 * found.half_width()


def test_a_ready_network_has_no_seeds():
    u = spread_over_units(np.zeros((4, 1000)))
    found = two_level_test([0.8], [0.85, 0.86, 0.9], u, fixed=(True, False))
    assert found.seeds == pytest.approx(np.var([0.85, 0.86, 0.9], ddof=1) / 3)
    assert found.with_one_more_seed().counts == (0, 4)


def test_equal_networks_have_no_difference_and_no_certainty():
    same = spread_over_units(np.zeros((2, 500)))
    found = two_level_test([0.9], [0.9], same)
    assert found.p_value == 1
    assert 0 < found.half_width() < 0.01
    few = two_level_test([1.0], [0.5], spread_over_units(np.zeros((2, 2))))
    assert few.p_value > 0.05  # two pairs prove nothing, however they fall


def test_other_shapes_are_refused():
    with pytest.raises(DataError, match="influences"):
        spread_over_people(np.zeros((2, 5)), pairs_of(np.random.default_rng(0)))
    with pytest.raises(DataError, match="trainings"):
        two_level_test([0.5], [], spread_over_units(np.zeros((1, 4))))


# -- control: known truth --------------------------------------------------------------------------

THRESHOLD = 0.0
MARGIN = 1.5  # genuine scores are about so far above the threshold, impostor scores below
NETWORKS = {  # seeds do not vary; scores of the two are exchangeable
    "pairs": {"seed": 0.0, "pair": 0.5, "person": 0.0},
    "people": {"seed": 0.0, "pair": 0.0, "person": 0.4},
    "both": {"seed": 0.0, "pair": 0.4, "person": 0.3},
}
METHODS = {
    "no seed effect": {"seed": 0.0, "pair": 0.0, "person": 0.0},
    "seeds alone": {"seed": 0.4, "pair": 0.0, "person": 0.0},
    "seeds and pairs": {"seed": 0.1, "pair": 0.5, "person": 0.0},
    "seeds and people": {"seed": 0.2, "pair": 0.4, "person": 0.3},
}


def calls(rng, pairs, seeds, *, seed, pair, person, better=0.0, studies=100):
    """Right calls, bool (studies, sum of seeds, P), of two methods by scores of known truth.

    A score is what all networks make of a pair, what a method makes of the pair and its people,
    what a training is better by on all pairs, and noise.
    """
    n = pairs.left.size
    people = rng.normal(size=(studies, pairs.n_subjects))
    common = rng.normal(size=(studies, 1, n)) + 0.3 * _of(people, pairs)
    found = []
    for method, count in enumerate(seeds):
        own = pair * rng.normal(size=(studies, 1, n))
        own += person * _of(rng.normal(size=(studies, pairs.n_subjects)), pairs)
        training = seed * rng.normal(size=(studies, count, 1)) + better * method
        noise = 0.5 * rng.normal(size=(studies, count, n))
        # Of an impostor pair the score is mirrored: it is right below the threshold.
        found.append(MARGIN + training / 2 + common + own + noise > THRESHOLD)
    return np.concatenate(found, axis=1)


def _of(people, pairs):
    """The effect of the people of each pair, one or two."""
    left, right = people[:, pairs.left], people[:, pairs.right]
    return np.where(pairs.genuine, left, 0.7 * (left + right))[:, None]


def rejected(simulations, seeds, name, **effects):
    """Share of simulated studies in which p is below 0.05."""
    rng = np.random.default_rng(zlib.crc32(f"{seeds} {name}".encode()))
    pairs = pairs_of(rng, people=200, each=300)
    hits = 0
    for _ in range(simulations // 100):
        table = calls(rng, pairs, seeds, **effects)
        means = table.mean(axis=2)
        for right, mean in zip(table, means, strict=True):
            spread = spread_over_people((right - mean[:, None]) / right.shape[1], pairs)
            cut = seeds[0]
            hits += two_level_test(mean[:cut], mean[cut:], spread).p_value < 0.05
    return hits / simulations


def test_control_of_false_positives():
    """300 studies: three standard errors about five percent."""
    allowed = 3 * np.sqrt(0.05 * 0.95 / 300)
    assert abs(rejected(300, (1, 1), "both", **NETWORKS["both"]) - 0.05) < allowed
    name = "seeds and people"
    assert abs(rejected(300, (3, 3), name, **METHODS[name]) - 0.05) < allowed
    # A training of A and two of B are too few: seldom is anything found.
    assert rejected(300, (1, 2), "few", **METHODS["seeds and people"]) < 0.05
    # What the test is for: two networks of two methods that differ in their seeds alone.
    assert rejected(300, (1, 1), "naive", **METHODS["seeds alone"]) > 0.4


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_control_of_networks_by_2000_studies(name, record_property):
    found = rejected(2000, (1, 1), name, **NETWORKS[name])
    power = rejected(2000, (1, 1), name, better=0.4, **NETWORKS[name])
    record_property("false positives", found)
    print(f"networks, {name}: false positives {found:.2%}, power {power:.1%}")
    assert 0.04 <= found <= 0.06
    assert power > 0.3


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [(2, 2), (3, 3), (5, 5), (2, 5)])
@pytest.mark.parametrize("name", METHODS)
def test_control_of_methods_by_2000_studies(seeds, name):
    found = rejected(2000, seeds, name, **METHODS[name])
    power = rejected(2000, seeds, name, better=0.6, **METHODS[name])
    print(f"methods, {seeds} seeds, {name}: false positives {found:.2%}, power {power:.1%}")
    assert 0.04 <= found <= 0.06
