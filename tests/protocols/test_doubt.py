from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness.protocols.base import Metric
from harness.protocols.doubt import direction, require_unequal

GENUINE = np.arange(200) % 2 == 0


@pytest.mark.parametrize("name", ["distance", "score", "distance_3", "score:pool"])
def test_a_comparison_whose_scores_are_all_equal_stops(name):
    with pytest.raises(DataError, match="all 200 scores are equal"):
        require_unequal({"genuine": GENUINE, name: np.zeros(200)})


def test_one_kind_of_score_that_differs_is_enough():
    varied = np.linspace(0, 1, 200)
    require_unequal({"genuine": GENUINE, "score:a": np.zeros(200), "score:b": varied})
    require_unequal({"genuine": GENUINE, "rank": np.zeros(200)})


def test_genuine_pairs_below_impostors_are_warned_of():
    columns = {"genuine": GENUINE}
    (warning,) = direction([Metric("auc", 0.03)], columns)
    assert "AUC 3.0 %" in warning
    assert "labels" in warning
    (warning,) = direction([Metric("auc", 0.03)], columns, "these are distances")
    assert warning.endswith("these are distances")
    assert direction([Metric("auc", 0.48)], columns) == []
    assert direction([Metric("auc", 0.03, {"stratum": "a"})], columns) == []
    assert direction([Metric("auc", None)], columns) == []
    assert direction([Metric("auc", 0.03)], {}) == []
