from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness.metrics.uncertainty import variance_components


def test_components_of_a_table_by_hand():
    # Rows differ by 2, columns by 4, nothing else: all of it is seed and pair.
    table = np.array([[1.0, 5.0], [3.0, 7.0]])
    found = variance_components(table)
    assert found.mean == 4.0
    assert found.residual == pytest.approx(0.0, abs=1e-12)
    assert found.seed == pytest.approx(2.0)
    assert found.pair == pytest.approx(8.0)


def test_sums_of_squares_by_plain_loops():
    rng = np.random.default_rng(0)
    table = rng.random((4, 9)) < 0.7
    m = table.mean()
    seeds = 9 * sum((row.mean() - m) ** 2 for row in table) / 3
    columns = 4 * sum((column.mean() - m) ** 2 for column in table.T) / 8
    rest = sum(
        (table[r, c] - table[r].mean() - table[:, c].mean() + m) ** 2
        for r in range(4)
        for c in range(9)
    ) / (3 * 8)
    found = variance_components(table)
    assert found.residual == pytest.approx(rest)
    assert found.seed == pytest.approx((seeds - rest) / 9)
    assert found.pair == pytest.approx((columns - rest) / 4)
    assert (found.n_seeds, found.n_pairs) == (4, 9)


def test_known_components_are_recovered_on_average():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(300):
        table = (
            rng.normal(0, 0.3, (6, 1)) + rng.normal(0, 1.0, (1, 80)) + rng.normal(0, 0.5, (6, 80))
        )
        found.append(variance_components(table))
    assert np.mean([v.seed for v in found]) == pytest.approx(0.09, rel=0.15)
    assert np.mean([v.pair for v in found]) == pytest.approx(1.0, rel=0.05)
    assert np.mean([v.residual for v in found]) == pytest.approx(0.25, rel=0.02)
    # Over new seeds and new pairs the mean varies as its standard error says.
    spread = np.std([v.mean for v in found])
    assert np.sqrt(np.mean([v.standard_error**2 for v in found])) == pytest.approx(spread, rel=0.12)


@pytest.mark.parametrize("table", [np.ones((1, 5)), np.ones((5, 1)), np.ones(5)])
def test_too_small_tables_are_refused(table):
    with pytest.raises(DataError, match="two seeds by two pairs"):
        variance_components(table)


def test_nan_is_refused():
    with pytest.raises(DataError, match="NaN"):
        variance_components([[1.0, np.nan], [0.0, 1.0]])
