from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from harness.metrics import NotMeasurable
from harness.metrics.uncertainty import clopper_pearson, percentile_interval, wilson

COUNTS = [(0, 1), (1, 1), (0, 30), (30, 30), (1, 30), (17, 30), (5916, 6000), (15, 15_638_932)]


@pytest.mark.parametrize(("right", "total"), COUNTS)
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("function", "method"), [(clopper_pearson, "exact"), (wilson, "wilson")])
def test_equal_to_scipy(right, total, level, function, method):
    expected = binomtest(right, total).proportion_ci(level, method=method)
    found = function(right, total, level)
    assert found.low == pytest.approx(expected.low, rel=1e-6, abs=1e-12)
    assert found.high == pytest.approx(expected.high, rel=1e-6, abs=1e-12)
    assert found.level == level


@pytest.mark.parametrize("p", [0.01, 0.2, 0.5, 0.97])
def test_the_exact_interval_covers_by_enumeration(p):
    inside = 0.0
    for right in range(41):
        interval = clopper_pearson(right, 40)
        if interval.low <= p <= interval.high:
            inside += binom.pmf(right, 40, p)
    assert inside >= 0.95


@pytest.mark.parametrize(("right", "total"), [(-1, 5), (6, 5), (0, 0)])
def test_counts_that_are_none_are_mistakes(right, total):
    for function in (clopper_pearson, wilson):
        with pytest.raises(ValueError, match="not a count"):
            function(right, total)


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_levels_that_are_none_are_mistakes(level):
    for function in (clopper_pearson, wilson):
        with pytest.raises(ValueError, match="confidence level"):
            function(1, 2, level)
    with pytest.raises(ValueError, match="confidence level"):
        percentile_interval([1.0, 2.0], level)


def test_percentiles_of_replicates():
    found = percentile_interval(np.random.default_rng(0).permutation(1001) / 1000, 0.9)
    assert (found.low, found.high) == (pytest.approx(0.05), pytest.approx(0.95))
    assert found.method == "subject bootstrap, 1001 replicates"


def test_a_few_undefined_replicates_are_left_out_and_counted():
    values = np.append(np.arange(990.0), [np.nan] * 10)
    assert percentile_interval(values).method.endswith("990 replicates")
    refused = percentile_interval(np.append(values, np.nan))
    assert isinstance(refused, NotMeasurable)
    assert "undefined in 11 of 1,001" in refused.reason


def test_replicates_that_show_nothing_are_refused():
    assert "every bootstrap replicate is equal" in percentile_interval(np.ones(1000)).reason
    assert "cannot show a 95% interval" in percentile_interval(np.arange(39.0)).reason
    assert not isinstance(percentile_interval(np.arange(40.0)), NotMeasurable)
    assert "cannot show" in percentile_interval([]).reason
