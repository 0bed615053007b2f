from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness.metrics import _checks


def test_float_vectors_keep_or_widen_their_type():
    for given, kept in (
        (np.float16, np.float32),
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.int8, np.float64),
        (np.bool_, np.float64),
    ):
        assert _checks.float_vector("x", np.ones(3, given)).dtype == kept
    with pytest.raises(DataError, match="x must hold real numbers, not complex128"):
        _checks.float_vector("x", [1j])


def test_half_precision_rows_do_not_overflow_their_own_check():
    rows = np.full((2, 4), 300, np.float16)  # the sum of squares exceeds 65,504
    assert _checks.finite_rows("features", rows).dtype == np.float32
    rows[1, 2] = np.inf
    with pytest.raises(DataError, match="features: 1 of 2 rows are not finite, the first is row 1"):
        _checks.finite_rows("features", rows)


def test_double_rows_stay_double_until_asked():
    rows = np.ones((2, 3))
    assert _checks.finite_rows("features", rows).dtype == np.float64
    assert _checks.feature_matrix("features", rows).dtype == np.float32


def test_index_vectors_may_be_empty():
    assert _checks.index_vector("rows", np.zeros(0, int), 0, 5).size == 0


def test_a_scalar_is_no_vector():
    with pytest.raises(DataError, match=r"shape \(\); 3 entries"):
        _checks.same_length("x", 1.0, 3)
    with pytest.raises(DataError, match="1-D"):
        _checks.bool_vector("x", np.ones((2, 2), bool), 2)
