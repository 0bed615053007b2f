from __future__ import annotations

import pytest

from harness.reporting.sections import fairness
from harness.reporting.sections.benchmarks import numbers_where

MEANS = {"African": 0.71, "Asian": 0.74, "Caucasian": 0.83}


@pytest.fixture
def grouped(make):
    def made(values=MEANS, more=(), **fields):
        metrics = [make.metric(sum(values.values()) / len(values), headline=True)]
        metrics += [make.metric(value, at={"group": group}) for group, value in values.items()]
        return make.result(bench="rfw", metrics=[*metrics, *more], **fields)

    return made


def extremes(made):
    each = numbers_where(made.study.results, lambda metric: set(metric.at) == {"group"})
    return fairness.extremes(each, made.names)


def test_the_worst_and_the_best_group_of_every_row(grouped, study_of):
    made = study_of(
        grouped(), grouped({"African": 0.9, "Asian": 0.8, "Caucasian": 0.85}, model="other")
    )
    found = {one.row: (one.worst, one.low, one.best, one.high) for one in extremes(made)}
    assert found == {
        "bfm > facenet-nn4": ("African", 0.71, "Caucasian", 0.83),
        "bfm > other": ("Asian", 0.8, "African", 0.9),
    }


def test_repeats_are_judged_by_their_mean(grouped, study_of):
    made = study_of(
        grouped(), grouped({"African": 0.91, "Asian": 0.74, "Caucasian": 0.83}, repeat=1)
    )
    (found,) = extremes(made)
    assert (found.worst, found.best) == ("Asian", "Caucasian")
    assert (found.low, found.high) == pytest.approx((0.74, 0.83))


def test_of_errors_the_largest_is_the_worst(make, study_of):
    metrics = [
        make.metric(value, name="eer", at={"group": group}, higher_is_better=False)
        for group, value in (("a", 0.1), ("b", 0.3), ("c", 0.2))
    ]
    (found,) = extremes(study_of(make.result(bench="rfw", metrics=metrics)))
    assert (found.worst, found.low, found.best, found.high) == ("b", 0.3, "a", 0.1)


@pytest.mark.parametrize(("groups", "rows"), [(2, 1), (1, 0)])
def test_one_group_has_no_extremes(grouped, study_of, groups, rows):
    values = dict(list(MEANS.items())[:groups])
    assert len(extremes(study_of(grouped(values)))) == rows


def test_the_tables_of_a_benchmark(make, grouped, study_of, lines):
    more = [
        make.metric(0.05, name="accuracy-std", at={"over": "groups", "ddof": 0.0},
                    higher_is_better=False),
        make.metric(0.6, name="tar@far", at={"group": "Asian", "far": 1e-3}),
    ]  # fmt: skip
    made = study_of(grouped(more=more), make.result(bench="lfw"))
    (found,) = fairness.fairness(made.study, made.names, made.series)  # lfw tells no groups apart
    assert (found.title, found.bench, found.id) == ("rfw", "bench-1", "groups-1")
    captions = [grid.caption for grid in found.grids]
    assert captions == [
        "rfw: best and worst group", "rfw: each group", "rfw: over all groups", "rfw: more",
    ]  # fmt: skip
    assert lines(found.grids[0]) == [
        ["bfm > facenet-nn4", "African", "71.00", "Caucasian", "83.00", "12.00"]
    ]
    assert [box.sort for box in found.grids[0].rows[0]][2::2] == pytest.approx([0.71, 0.83])
    assert found.grids[0].rows[0][5].sort == pytest.approx(0.12)
    assert [head.text for head in found.grids[1].shown_heads][4:] == ["Seeds", *["rfw"] * 3]
    assert len({grid.id for grid in found.grids}) == 4


def test_a_point_for_every_measured_fraction_of_a_group(make, study_of):
    metrics = [
        make.metric(0.7, half=0.1, at={"group": "a"}), make.metric(0.8, None, at={"group": "b"}),
        make.metric(None, None, at={"group": "c"}, note="too few"),
        make.metric(0.5, None, at={"group": "a"}, name="d-prime").model_copy(
            update={"unit": "count"}),
    ]  # fmt: skip
    made = study_of(make.result(bench="rfw", metrics=metrics))
    (figure,) = fairness.fairness(made.study, made.names, made.series)[0].figures
    assert figure.id == "groups-0-0"
    assert "by group on rfw" in figure.title


def test_without_groups_there_is_nothing_to_show(make, study_of):
    made = study_of(make.result())
    assert fairness.fairness(made.study, made.names, made.series) == []
