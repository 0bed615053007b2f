from __future__ import annotations

import pytest

from harness.reporting.compare.rows import judge_rows
from harness.reporting.compare.verdict import standings
from harness.reporting.sections import overview
from harness.reporting.tables.comparison import comparison
from harness.reporting.tables.matrix import build


@pytest.fixture
def compared(study_of):
    def made(*results, **options):
        matrix = build(study_of(*results).study.results)
        judge_rows(matrix)
        return matrix, comparison(matrix, "m", "All", **options)

    return made


def boxes(grid):
    """By generator and the title of a column."""
    names = [head.text for head in grid.shown_heads]
    return {
        (row[0].text, names[k]): row[k] for row in grid.shown_rows for k in range(4, len(names))
    }


def test_a_number_has_its_interval_its_rank_and_the_results_behind_it(make, compared):
    low, high = make.result("bfm", value=0.85), make.result("dcface", value=0.95, half=0.01)
    _, grid = compared(low, high, make.result("last", value=0.75))
    first, second = boxes(grid)["dcface", "lfw"], boxes(grid)["bfm", "lfw"]
    assert (first.text, second.text) == ("95.00", "85.00")
    assert (first.sort, first.small) == (0.95, "[94.00, 96.00]")
    assert (first.mark, second.mark) == ("best", "second")
    assert first.cells == (high.id[:12],)
    assert first.link == f"#cell-{high.id[:12]}"
    assert first.title.endswith("95 % interval: made up; 6,000 comparisons; 1 seed")


def test_several_seeds_are_counted_and_all_linked(make, compared):
    results = [make.result("bfm", value=0.8 + 0.01 * k, repeat=k) for k in range(3)]
    _, grid = compared(*results)
    box = boxes(grid)["bfm", "lfw"]
    assert box.title.endswith("3 seeds")
    assert sorted(box.cells) == sorted(result.id[:12] for result in results)


@pytest.mark.parametrize(
    ("values", "higher", "heats"),
    [
        ((0.8, 0.9, 0.85), True, [0.0, 1.0, 0.5]),
        ((0.1, 0.3, 0.15), False, [1.0, 0.0, 0.75]),
        ((0.8, 0.8, 0.8), True, [None] * 3),
        ((0.8,), True, [None]),
    ],
)
def test_heat_runs_from_the_worst_to_the_best_of_a_column(make, compared, values, higher, heats):
    results = [
        make.result(f"g{k}", metrics=[
            make.metric(value, name="x", headline=True, higher_is_better=higher)])
        for k, value in enumerate(values)
    ]  # fmt: skip
    _, grid = compared(*results)
    assert [boxes(grid)[f"g{k}", "lfw"].heat for k in range(len(values))] == heats


def test_what_was_not_run_and_what_cannot_be_measured_are_told_apart(make, compared):
    _, grid = compared(
        make.result("bfm"), make.result("bfm", bench="cfp"),
        make.result("dcface", metrics=[make.metric(None, None, headline=True, note="few pairs")]),
    )  # fmt: skip
    missing, absent = boxes(grid)["dcface", "lfw"], boxes(grid)["dcface", "cfp"]
    assert (absent.text, absent.title) == ("–", "not run")
    assert missing.shown.endswith("[1]")
    assert missing.sort is None
    assert missing.cells
    assert any("few pairs" in note for note in grid.notes)


def test_who_is_first_and_whether_that_is_certain(make, compared, lines):
    matrix, _ = compared(
        make.result("a", value=0.95, half=0.01), make.result("b", value=0.85, half=0.01),
        make.result("a", bench="cfp", value=0.80, half=0.1),
        make.result("b", bench="cfp", value=0.81, half=0.1), make.result("a", bench="one"),
        make.result("a", bench="bare", value=0.7, half=None),
        make.result("b", bench="bare", value=0.6, half=None),
    )  # fmt: skip
    tests = judge_rows(matrix)
    grid = overview.standing_grid(standings(matrix, tests), tests.note())
    assert grid.notes == [tests.note()]
    found = {row[0].split()[0]: row[1:] for row in lines(grid)}
    assert found["lfw"][0] == "a > facenet-nn4"
    assert found["lfw"][2] == "b > facenet-nn4"
    assert found["lfw"][5] == "yes"
    assert (found["cfp"][0], found["cfp"][5]) == ("b > facenet-nn4", "no")
    assert found["one"][2:] == ["–", "–", "–", "–"]
    assert found["bare"][3:] == ["–", "–", "–"]


def test_rows_of_equal_value_share_the_first_place(make, compared, lines):
    tied = (make.result(name, value=0.8) for name in "ab")
    matrix, _ = compared(*tied, make.result("c", value=0.7))
    grid = overview.standing_grid(standings(matrix, judge_rows(matrix)), "")
    (row,) = lines(grid)
    assert row[1] == "equal: a > facenet-nn4, b > facenet-nn4"
    assert row[-1] == "no"
