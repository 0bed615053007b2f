"""The benchmarks' tab: what is one benchmark, which numbers are in which table, which figures."""

from __future__ import annotations

import pytest

from harness.reporting.sections import benchmarks


def benches(made):
    return benchmarks.benches(made.study, made.names, made.series)


def at_yaws(make, *yaws, value=0.9):
    return [make.metric(value, headline=True)] + [
        make.metric(value - yaw / 1000, at={"yaw_deg": float(yaw)}) for yaw in yaws
    ]


def test_benchmarks_are_alphabetical_and_name_the_comparison_only_where_there_are_several(
    make, study_of
):
    made = study_of(
        make.result(bench="rfw", comparison="asian"), make.result(bench="lfw"),
        make.result(bench="rfw", comparison="african"),
    )  # fmt: skip
    found = benchmarks.by_comparison(made.study)
    assert [title for title, _ in found] == ["lfw", "rfw/african", "rfw/asian"]
    assert [len(cells) for _, cells in found] == [1, 1, 1]


def test_a_part_of_the_comparisons_is_not_among_all_numbers(make, study_of, lines):
    metrics = [
        make.metric(0.9, headline=True),
        make.metric(0.5, name="tar@far", at={"far": 1e-3}),
        make.metric(0.77, at={"yaw_deg": 30.0}),
    ]
    (bench,) = benches(study_of(make.result(metrics=metrics)))
    everything, by_yaw = bench.grids
    assert (everything.id, by_yaw.id) == ("bench-0-all", "bench-0-by-yaw_deg")
    text = [str(lines(grid)) for grid in (everything, by_yaw)]
    assert ["90" in one for one in text] == [True, False]
    assert ["50" in one for one in text] == [True, False]
    assert ["77" in one for one in text] == [False, True]
    assert by_yaw.caption == "lfw by yaw (degrees)"


@pytest.mark.parametrize(("yaws", "count"), [((0, 30), 0), ((0, 30, 60), 1), ((0, 30, 60, 90), 1)])
def test_a_figure_over_a_condition_needs_three_values(make, study_of, yaws, count):
    (bench,) = benches(study_of(make.result(metrics=at_yaws(make, *yaws))))
    assert len([f for f in bench.figures if "yaw" in f.id]) == count


def test_folds_have_a_table_and_no_figure(make, study_of):
    metrics = [make.metric(0.9, headline=True)]
    metrics += [make.metric(0.9 - fold / 100, at={"fold": float(fold)}) for fold in range(1, 6)]
    (bench,) = benches(study_of(make.result(metrics=metrics)))
    assert [grid.id for grid in bench.grids] == ["bench-0-all", "bench-0-by-fold"]
    assert not [f for f in bench.figures if "fold" in f.id]


def test_groups_are_left_to_the_fairness_tab(make, study_of):
    metrics = [make.metric(0.9, headline=True), make.metric(0.8, at={"group": "Asian"})]
    plain, grouped = make.result(bench="lfw"), make.result(bench="rfw", metrics=metrics)
    first, second = benches(study_of(plain, grouped))
    assert (first.grouped, second.grouped) == (False, True)
    assert [grid.id for grid in second.grids] == ["bench-1-all"]


def test_points_of_several_conditions_at_once_are_in_no_curve(make, study_of):
    both = [make.metric(0.5, at={"yaw_deg": float(y), "pitch_deg": 10.0}) for y in (0, 30, 60)]
    (bench,) = benches(study_of(make.result(metrics=[make.metric(0.9, headline=True), *both])))
    assert not bench.figures


@pytest.mark.parametrize(
    ("key", "text"),
    [("yaw_deg", "yaw (degrees)"), ("resolution_px", "resolution (pixels)"),
     ("light_off_axis_deg", "light off axis (degrees)"), ("occlusion", "occlusion")],
)  # fmt: skip
def test_conditions_are_in_words_with_their_unit(key, text):
    assert benchmarks.words(key) == text


def test_a_result_without_a_number_of_that_kind_is_left_out(make):
    one = make.result(metrics=[make.metric(0.9, headline=True)])
    other = make.result("b", metrics=[make.metric(0.8, at={"fold": 1.0})])
    kept = benchmarks.numbers_where([one, other], lambda metric: not metric.at)
    assert [result.id for result in kept] == [one.id]
    assert benchmarks.numbers_where([one, other], lambda metric: False) == []
