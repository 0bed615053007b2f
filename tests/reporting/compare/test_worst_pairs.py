"""Which pairs are the worst: known scores, ties, pairs that were not compared, other forms."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness.reporting.compare.worst_pairs import operating_metric, worst_pairs


def columns(genuine, **scores):
    count = len(genuine)
    return {
        "first": np.arange(count, dtype=np.int32), "second": np.arange(count, dtype=np.int32) + 100,
        "genuine": np.array(genuine, np.bool_), "fold": np.zeros(count, np.int32),
        **{name: np.array(values) for name, values in scores.items()},
    }  # fmt: skip


def positions(worst):
    return [pair.position for pair in worst.pairs]


def test_the_nearest_impostors_and_the_farthest_genuine_pairs_come_first():
    genuine = [True, False, True, False, True, False]
    found = columns(genuine, distance=[0.1, 3.0, 2.5, 0.2, 1.0, 0.7])
    impostors, own = worst_pairs(found, "insightface", 2)
    assert positions(impostors) == [3, 5]
    assert positions(own) == [2, 4]
    assert (own.pairs[0].first, own.pairs[0].second, own.pairs[0].similarity) == (2, 102, -2.5)


def test_equal_scores_are_in_the_order_of_the_list_and_the_rest_is_counted():
    impostors, own = worst_pairs(columns([False] * 6, distance=[1, 0.5, 0.5, 0.5, 0.5, 2.0]), "", 2)
    assert (positions(impostors), impostors.tied) == ([1, 2], 2)
    assert (positions(own), own.tied, own.lost) == ([], 0, 0)


def test_pairs_without_a_face_are_counted_and_never_the_worst():
    found = columns([True, True, False, False], distance=[np.inf, 1.0, np.inf, 2.0])
    impostors, own = worst_pairs(found, "", 5)
    assert (positions(own), own.lost) == ([1], 1)
    assert (positions(impostors), impostors.lost) == ([3], 1)


def test_similarities_and_centred_distances_are_read_too():
    impostors, _ = worst_pairs(columns([False, False], score=[0.2, 0.9]), "", 1)
    assert positions(impostors) == [1]
    centred = columns([True, True, True], distance_0=[1.0, 9.0, 1.0], distance_1=[5.0, 2.0, 5.0])
    centred["fold"] = np.array([0, 1, 0], np.int32)
    assert [pair.similarity for pair in worst_pairs(centred, "", 3)[1].pairs] == [-2.0, -1.0, -1.0]


@pytest.mark.parametrize("change", [
    {"score": [0.1, np.nan]}, {"score": [0.1, 0.2], "first": ["a", "b"]}, {"other": [1.0, 2.0]},
    {"score:pooled": [1.0, 2.0]},
])  # fmt: skip
def test_scores_of_another_form_are_refused(change):
    with pytest.raises(DataError):
        worst_pairs(columns([True, False], **change), "", 1)


def test_a_search_is_refused():
    with pytest.raises(DataError, match="a search keeps the best scores"):
        worst_pairs({"probe": np.zeros(2)}, "", 1)


def test_the_operating_point_is_that_of_all_pairs(make):
    fold = make.metric(0.9, at={"fold": 1.0}, threshold=1.0)
    group = make.metric(0.9, at={"group": "a"}, threshold=1.1)
    far = make.metric(0.5, name="tar@far", at={"far": 1e-2}, threshold=1.2)
    head = make.metric(0.9, headline=True)
    assert operating_metric(make.result(metrics=[fold, group, head, far])) == far
    head = make.metric(0.9, headline=True, threshold=1.3)
    assert operating_metric(make.result(metrics=[fold, far, head])) == head
    assert operating_metric(make.result(metrics=[fold, group])) is None
