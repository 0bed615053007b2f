from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import gmean

from harness.errors import DataError
from harness.metrics import (
    NotMeasurable,
    accuracy_spread,
    fairness_at_fmr,
    fairness_at_threshold,
    sort_scores,
)

# RFW accuracies of one model and the standard deviation printed beside them in the literature.
PUBLISHED = {"African": 98.32, "Asian": 97.85, "Caucasian": 99.12, "Indian": 97.90}


def counts(percents, total=10_000):
    return {name: (round(p * total / 100), total) for name, p in percents.items()}


def test_the_published_std_is_that_with_ddof_0():
    spread = accuracy_spread(counts(PUBLISHED))
    assert round(100 * spread.std_ddof0, 2) == 0.51
    assert round(100 * spread.std_ddof1, 2) == 0.59
    assert spread.mean == pytest.approx(0.982975)
    assert spread.max_minus_min == pytest.approx(0.0127)
    assert spread.skewed_error_ratio == pytest.approx(2.15 / 0.88)
    assert spread.trade_off == pytest.approx(spread.mean - spread.std_ddof0)
    assert spread.accuracies == pytest.approx({k: v / 100 for k, v in PUBLISHED.items()})


def test_spread_of_too_few_comparisons_is_refused():
    spread = accuracy_spread({"a": (90, 99), "b": (900, 1000)})
    for value in (spread.std_ddof0, spread.std_ddof1, spread.max_minus_min, spread.trade_off):
        assert value == NotMeasurable("group a has 99 comparisons; 100 are needed")
    assert spread.mean == pytest.approx((90 / 99 + 0.9) / 2)


def test_an_error_ratio_needs_errors_to_divide_by():
    spread = accuracy_spread({"a": (5991, 6000), "b": (5900, 6000)})
    assert spread.skewed_error_ratio == NotMeasurable("group a has 9 errors; 10 are needed")
    assert spread.std_ddof0 > 0
    assert accuracy_spread({"a": (5990, 6000), "b": (5900, 6000)}).skewed_error_ratio == (
        pytest.approx(10)
    )


def test_a_group_with_nothing_right_is_a_group():
    spread = accuracy_spread({"a": (0, 200), "b": (180, 200)})
    assert spread.accuracies == {"a": 0.0, "b": 0.9}
    assert spread.max_minus_min == 0.9
    assert spread.skewed_error_ratio == pytest.approx(10)


@pytest.mark.parametrize(
    "bad", [{"a": (1, 2)}, {"a": (3, 2), "b": (1, 2)}, {"a": (0, 0), "b": (1, 2)},
            {"a": (-1, 2), "b": (1, 2)}, {"a": (1, 2), "b": (0, -1)}]
)  # fmt: skip
def test_groups_that_are_none_are_refused(bad):
    with pytest.raises(DataError):
        accuracy_spread(bad)


def group(seed, shift, n_genuine=400, n_impostor=3000):
    rng = np.random.default_rng(seed)
    return sort_scores(rng.normal(2 + shift, 1, n_genuine), rng.normal(shift / 2, 1, n_impostor))


@pytest.fixture
def groups():
    return {
        name: group(k, shift)
        for k, (name, shift) in enumerate(
            [("African", -0.4), ("Asian", -0.2), ("Caucasian", 0.3), ("Indian", 0.0)]
        )
    }


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.8, 1.0])
def test_all_measures_by_their_definitions(groups, alpha):
    threshold = 1.1
    found = fairness_at_threshold(groups, threshold, alpha)
    fmr = [np.mean(s.impostor >= threshold) for s in groups.values()]
    fnmr = [np.mean(s.genuine < threshold) for s in groups.values()]
    gap = [max(abs(x - y) for x, y in itertools.combinations(r, 2)) for r in (fmr, fnmr)]
    assert (found.fmr_gap, found.fnmr_gap) == pytest.approx(tuple(gap))
    assert found.fdr == pytest.approx(1 - alpha * gap[0] - (1 - alpha) * gap[1])

    def corrected_gini(x):
        total = sum(abs(a - b) for a in x for b in x)
        return 4 / 3 * total / (2 * 16 * np.mean(x))

    garbe = alpha * corrected_gini(fmr) + (1 - alpha) * corrected_gini(fnmr)
    assert found.garbe == pytest.approx(garbe)
    ratio = (max(fmr) / min(fmr)) ** alpha * (max(fnmr) / min(fnmr)) ** (1 - alpha)
    assert found.inequity_rate == pytest.approx(ratio)
    assert found.fmr_max_over_geomean == pytest.approx(max(fmr) / gmean(fmr))
    assert [rate.fmr for rate in found.rates.values()] == pytest.approx(fmr)


def test_the_gini_of_garbe_reaches_one_when_one_group_has_all_errors():
    scores = {
        "a": sort_scores(np.repeat([0.0, 2.0], 100), np.repeat([0.0, 2.0], 100)),
        "b": sort_scores(np.full(200, 2.0), np.full(200, 0.0)),
    }
    found = fairness_at_threshold(scores, 1.0)
    assert found.garbe == pytest.approx(1.0)
    assert found.fdr == pytest.approx(0.5)
    assert found.inequity_rate == NotMeasurable("no false match in group b: a ratio has no value")


def test_equal_groups_are_perfectly_fair():
    same = group(0, 0.0)
    found = fairness_at_threshold({"a": same, "b": same, "c": same}, 1.0)
    assert found.fdr == 1.0
    assert found.garbe == 0.0
    assert found.inequity_rate == 1.0
    assert found.fmr_max_over_geomean == pytest.approx(1.0)


def test_the_common_threshold_is_that_of_all_impostors_together(groups):
    found = fairness_at_fmr(groups, 0.01)
    impostors = np.sort(np.concatenate([s.impostor for s in groups.values()]))
    assert np.mean(impostors >= found.threshold) <= 0.01
    lower = max(
        v[v < found.threshold].max() for s in groups.values() for v in (s.impostor, s.genuine)
    )
    assert np.mean(impostors >= lower) > 0.01
    assert found == fairness_at_threshold(groups, found.threshold)


def test_an_fmr_that_leaves_too_few_false_matches_a_group_is_refused(groups):
    refused = fairness_at_fmr(groups, 1e-3)  # 3,000 impostors in each group of RFW
    assert isinstance(refused, NotMeasurable)
    assert "3 false matches; 10 are needed" in refused.reason
    assert isinstance(fairness_at_fmr(groups, 1e-5), NotMeasurable)
    assert not isinstance(fairness_at_fmr(groups, 1e-2), NotMeasurable)


def test_rates_without_enough_errors_are_refused_one_by_one(groups):
    high = fairness_at_threshold(groups, 9.0)  # nothing is accepted
    assert high.fdr == pytest.approx(1.0)
    assert high.garbe.reason == "0 false matches over all groups; 10 are needed"
    assert "no false match in group African, Asian, Caucasian, Indian" in high.inequity_rate.reason
    assert isinstance(high.fmr_max_over_geomean, NotMeasurable)
    low = fairness_at_threshold(groups, -9.0)  # everything is
    assert low.garbe.reason == "0 false non-matches over all groups; 10 are needed"
    assert "non-match" in low.inequity_rate.reason
    assert low.fmr_max_over_geomean == 1.0
    few = fairness_at_threshold({**groups, "few": group(9, 0.0, n_genuine=60)}, 1.0)
    for value in (few.fdr, few.garbe, few.inequity_rate, few.fmr_max_over_geomean):
        assert value.reason == "group few has 60 comparisons of one kind; 100 are needed"


def test_mistakes_are_named(groups):
    with pytest.raises(DataError, match="two groups"):
        fairness_at_threshold({"a": groups["Asian"]}, 1.0)
    with pytest.raises(ValueError, match="alpha"):
        fairness_at_threshold(groups, 1.0, alpha=1.5)
