"""Numbers of the parts of a list, against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from harness.metrics.operating_points import tar_at_far
from harness.metrics.scores import sort_labelled_scores
from harness.metrics.uncertainty.bootstrap import draw_subject_weights, encode_subjects
from harness.protocols.subgroups import JudgedPairs, bootstrap_auc, subgroup_metrics

PEOPLE = 12


@pytest.fixture
def judged():
    rng = np.random.default_rng(3)
    left = rng.integers(0, PEOPLE, 300)
    right = np.where(rng.random(300) < 0.5, left, (left + rng.integers(1, PEOPLE, 300)) % PEOPLE)
    genuine = left == right
    # Rounded, so that there are ties; one pair holds a face that was not found.
    distance = np.round(rng.normal(1.3 - 0.4 * genuine, 0.3), 1)
    distance[np.flatnonzero(genuine)[0]] = np.inf
    points = tar_at_far(sort_labelled_scores(-distance, genuine), (0.1, 0.01, 1e-4))
    pairs = encode_subjects(left, right)
    weights = draw_subject_weights(pairs.n_subjects, 200, rng)
    return JudgedPairs(genuine, (distance < 1.1) == genuine, distance, points, pairs, weights)


def strata():
    values = np.arange(300) % 4 * 15.0
    return {"yaw_deg": np.where(values == 45, np.nan, values)}


def test_every_part_has_the_numbers_of_its_own_pairs(judged):
    found = subgroup_metrics(strata(), judged)
    assert {m.at["yaw_deg"] for m in found} == {0.0, 15.0, 30.0}
    threshold = judged.points[0].threshold
    for metric in found:
        chosen = strata()["yaw_deg"] == metric.at["yaw_deg"]
        genuine, distance = judged.genuine[chosen], judged.distance[chosen]
        if metric.name == "accuracy":
            assert metric.value == judged.correct[chosen].mean()
        elif metric.name == "auc":
            finite = np.where(np.isinf(distance), 99, distance)
            assert metric.value == pytest.approx(roc_auc_score(genuine, -finite))
        elif metric.at["far"] == 0.1:
            assert metric.value == (distance[genuine] <= -threshold).mean()
            assert metric.realised_far == (distance[~genuine] <= -threshold).mean()
        assert metric.interval.low <= metric.value <= metric.interval.high


def test_a_far_that_the_whole_list_cannot_show_has_no_parts(judged):
    fars = {m.at["far"] for m in subgroup_metrics(strata(), judged) if m.name == "tar@far"}
    assert fars == {0.1, 0.01}


def test_a_part_with_one_kind_of_pair_has_its_accuracy_alone(judged):
    alone = {"kind": judged.genuine.astype(float)}
    assert [m.name for m in subgroup_metrics(alone, judged)] == ["accuracy", "accuracy"]


def test_without_subjects_an_auc_has_no_interval(judged):
    bare = JudgedPairs(judged.genuine, judged.correct, judged.distance, judged.points)
    intervals = {m.name: m.interval for m in subgroup_metrics(strata(), bare)}
    assert intervals["auc"] is None
    assert intervals["accuracy"] is not None


def test_replicates_of_the_auc_are_those_of_the_pairs_written_out(judged):
    pairs, weights = judged.subjects, judged.weights
    finite = np.where(np.isinf(judged.distance), 99, judged.distance)
    found = bootstrap_auc(judged.distance, pairs.left, pairs.right, weights)
    for b in (0, 1, 50, 199):
        drawn = weights[:, b].astype(int)
        times = np.where(judged.genuine, drawn[pairs.left], drawn[pairs.left] * drawn[pairs.right])
        expected = roc_auc_score(np.repeat(judged.genuine, times), -np.repeat(finite, times))
        assert found[b] == pytest.approx(expected, abs=1e-12)
