"""Against scipy and scikit-learn, sets that are related by design, and sets that are not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.errors import UsageError
from harness.measures.prediction import partial, predict, spearman

QUICK = {"replicates": 200, "permutations": 300}


def test_rank_correlations_are_scipys() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=20)
    x = np.round(y + rng.normal(size=20), 1)  # with ties
    (found,) = predict("acc", y, {"x": x}, {}, rng, **QUICK).associations
    assert found.spearman == pytest.approx(stats.spearmanr(x, y).statistic)
    assert found.kendall == pytest.approx(stats.kendalltau(x, y).statistic)
    assert found.low is not None
    assert found.high is not None
    assert found.spearman is not None
    assert found.low <= found.spearman <= found.high
    exact = stats.permutation_test(
        (x,), lambda a: stats.spearmanr(a, y).statistic, permutation_type="pairings",
        n_resamples=4000, random_state=0)  # fmt: skip
    assert found.p_value == pytest.approx(exact.pvalue, abs=0.02)


def test_partial_correlation_by_the_formula_of_three() -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=30)
    x, y = z + rng.normal(size=30), z + rng.normal(size=30)
    r = {pair: spearman(*arrays) for pair, arrays in
         {"xy": (x, y), "xz": (x, z), "yz": (y, z)}.items()}  # fmt: skip
    expected = (r["xy"] - r["xz"] * r["yz"]) / np.sqrt((1 - r["xz"] ** 2) * (1 - r["yz"] ** 2))
    assert partial(x, y, z[:, None]) == pytest.approx(expected)
    assert partial(x, x, x[:, None]) is None


def test_a_planted_measure_is_found_among_noise() -> None:
    rng = np.random.default_rng(2)
    y = rng.normal(size=24)
    measures = {f"noise{k}": rng.normal(size=24) for k in range(6)}
    measures["planted"] = 3 * y + 0.3 * rng.normal(size=24)
    found = predict("acc", y, measures, {"log images": rng.normal(size=24)}, rng, **QUICK)
    strongest = max(found.associations, key=lambda item: abs(item.spearman or 0))
    assert strongest.measure == "planted"
    assert strongest.holm is not None
    assert strongest.holm < 0.05
    assert strongest.partial is not None
    assert strongest.partial > 0.8
    assert found.error_best is not None
    assert found.error_ridge is not None
    assert max(found.error_best, found.error_ridge) < found.error_mean / 2


def test_noise_predicts_no_better_than_the_mean() -> None:
    ratios = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=16)
        found = predict("acc", y, {f"m{k}": rng.normal(size=16) for k in range(10)}, {}, rng,
                        replicates=20, permutations=20)  # fmt: skip
        assert found.error_best is not None
        ratios.append(found.error_best / found.error_mean)
    assert np.median(ratios) > 1


def test_the_error_of_the_mean_is_that_of_a_loop() -> None:
    y = np.arange(9.0) ** 2
    found = predict("acc", y, {"x": np.arange(9.0)}, {}, np.random.default_rng(0), **QUICK)
    errors = [y[k] - np.delete(y, k).mean() for k in range(9)]
    assert found.error_mean == pytest.approx(np.sqrt(np.mean(np.square(errors))))


def test_what_has_no_answer_has_none() -> None:
    y = np.arange(10.0)
    measures = {"constant": np.ones(10), "few": np.array([*range(5), *[np.nan] * 5], float)}
    found = predict("acc", y, measures, {}, np.random.default_rng(0), **QUICK)
    assert all(item.spearman is None and item.holm is None for item in found.associations)
    assert [item.sets for item in found.associations] == [10, 5]
    assert found.error_best is None
    with pytest.raises(UsageError, match="8 are needed"):
        predict("acc", y[:7], {"x": y[:7]}, {}, np.random.default_rng(0))
