from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness.metrics import (
    NotMeasurable,
    OpenSetRate,
    RankRate,
    average_galleries,
    cmc_curve,
    rank_rates,
    search_scores,
    tpir_at_fpir,
)


def published_open_set(scores, probe_subjects, gallery_subjects, x):
    """TPIR as in ijb_evals.py: one probe at a time, impostors from the non-mated probes."""
    best_alarm, mates = [], []
    for row, subject in zip(scores, probe_subjects, strict=True):
        own = gallery_subjects == subject
        if own.any():
            mates.append((row[own].max(), row[~own].max()))
        else:
            best_alarm.append(row.max())
    best_alarm = sorted(best_alarm, reverse=True)
    threshold = best_alarm[max(int(len(best_alarm) * x) - 1, 0)]
    return sum(m > other and m > threshold for m, other in mates) / len(mates), threshold


@pytest.fixture
def scene():
    rng = np.random.default_rng(3)
    gallery_subjects = np.arange(40)
    probe_subjects = rng.integers(0, 60, size=900)
    scores = rng.normal(0, 1, (900, 40))
    mated = probe_subjects < 40
    scores[np.flatnonzero(mated), probe_subjects[mated]] += 2.5
    return scores.round(1).astype(np.float32), probe_subjects, gallery_subjects


def test_open_set_rates_are_the_published_rule(scene):
    search = search_scores(*scene)
    targets = [0.01, 0.07, 0.1, 0.29, 1.0]
    for target, point in zip(targets, tpir_at_fpir(search, targets), strict=True):
        value, threshold = published_open_set(*scene, target)
        assert point.value == value
        assert point.threshold == threshold
        assert point.mated + point.non_mated == 900


def test_realised_fpir_stays_below_the_target_and_is_counted(scene):
    search = search_scores(*scene)
    alarms = scene[0][~search.mated].max(axis=1)
    for point in tpir_at_fpir(search, [0.05, 0.1, 0.5]):
        assert point.false_alarms == np.count_nonzero(alarms > point.threshold)
        assert point.fpir < point.target_fpir


def test_detection_and_identification_within_more_ranks(scene):
    scores, probe_subjects, gallery_subjects = scene
    search = search_scores(*scene)
    (point,) = tpir_at_fpir(search, [0.1], rank=5)
    hits = 0
    for row, subject in zip(scores, probe_subjects, strict=True):
        if subject in gallery_subjects:
            rank = 1 + np.count_nonzero(np.delete(row, subject) >= row[subject])
            hits += rank <= 5 and row[subject] > point.threshold
    assert point.hits == hits
    assert point.rank == 5
    assert tpir_at_fpir(search, [0.1], rank=40)[0].hits >= hits


def test_fpir_below_one_probe_is_refused(scene):
    refused, shown = tpir_at_fpir(search_scores(*scene), [1e-4, 0.1])
    assert isinstance(refused, NotMeasurable)
    assert refused.reason.startswith("FPIR 0.0001 needs at least 10,000 non-mated probes")
    assert isinstance(shown, OpenSetRate)


def test_without_non_mated_probes_nothing_open_is_measurable():
    search = search_scores([[1.0, 0.0]], [0], [0, 1])
    assert isinstance(tpir_at_fpir(search, [1.0])[0], NotMeasurable)


def test_closed_set_ranks_against_sorting(scene):
    scores, probe_subjects, _gallery_subjects = scene
    search = search_scores(*scene)
    mated = np.flatnonzero(probe_subjects < 40)
    for rate in rank_rates(search, [1, 5, 10, 40]):
        hits = 0
        for p in mated:
            mate = scores[p, probe_subjects[p]]
            above = np.sort(np.delete(scores[p], probe_subjects[p]))[::-1]
            hits += rate.rank > 39 or above[rate.rank - 1] < mate
        assert (rate.hits, rate.mated) == (hits, mated.size)
        assert rate.value == hits / mated.size
    curve = cmc_curve(search, 40)
    np.testing.assert_array_equal(curve, [r.value for r in rank_rates(search, range(1, 41))])
    assert curve[-1] == 1.0
    assert (np.diff(curve) >= 0).all()
    np.testing.assert_array_equal(cmc_curve(search, 7), curve[:7])


def test_ties_count_against_the_mate():
    search = search_scores(np.full((3, 4), 0.5), [0, 1, 9], [0, 1, 2, 3])
    assert rank_rates(search, [1])[0].hits == 0
    assert rank_rates(search, [4])[0].hits == 2
    assert tpir_at_fpir(search, [1.0])[0].hits == 0


def test_two_galleries_are_averaged_both_ways():
    rates = [RankRate(1, 90, 100), RankRate(1, 150, 300)]
    average = average_galleries(rates)
    assert average.mean == pytest.approx(0.7)
    assert average.pooled == pytest.approx(240 / 400)
    points = [OpenSetRate(0.1, 1, 0.3, 1, 2, 0, 10), OpenSetRate(0.1, 1, 0.4, 4, 4, 0, 10)]
    assert average_galleries(points).mean == 0.75
    with pytest.raises(DataError, match="2 different points"):
        average_galleries([RankRate(1, 1, 2), RankRate(5, 1, 2)])
    with pytest.raises(DataError, match="0 different points"):
        average_galleries([])


def test_mistakes_are_named(scene):
    search = search_scores(*scene)
    with pytest.raises(ValueError, match="ranks start at 1"):
        rank_rates(search, [0])
    with pytest.raises(ValueError, match="ranks start at 1"):
        cmc_curve(search, 0)
    with pytest.raises(ValueError, match="target FPIR"):
        tpir_at_fpir(search, [0.0])
    lost = search_scores([[1.0]], [5], [0])
    for function in (rank_rates, tpir_at_fpir):
        with pytest.raises(DataError, match="no probe has its subject"):
            function(lost, [1])
