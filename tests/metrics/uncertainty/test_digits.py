from __future__ import annotations

import pytest

from harness.metrics.uncertainty import resolution


@pytest.mark.parametrize(
    ("n", "decimals"), [(1, 0), (100, 0), (101, 1), (600, 1), (6000, 2), (10_000, 2), (19_557, 3)]
)
def test_known_sizes(n, decimals):
    assert resolution(n) == decimals


@pytest.mark.parametrize("n", [1, 7, 50, 99, 100, 101, 600, 999, 1000, 1001, 7000])
def test_all_rates_stay_apart_and_one_decimal_less_merges_some(n):
    def printed(decimals):
        return len({f"{100 * k / n:.{decimals}f}" for k in range(n + 1)})

    assert printed(resolution(n)) == n + 1
    if resolution(n):
        assert printed(resolution(n) - 1) < n + 1


def test_no_comparisons_have_no_digits():
    with pytest.raises(ValueError, match="0 comparisons"):
        resolution(0)
