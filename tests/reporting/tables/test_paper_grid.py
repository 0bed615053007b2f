"""The table of a study as papers print it."""

from __future__ import annotations

import statistics

import pytest

from harness.reporting.compare.rows import judge_rows
from harness.reporting.tables.estimates import pool
from harness.reporting.tables.matrix import build
from harness.reporting.tables.paper_grid import paper_grid
from harness.reporting.tables.writers import latex, write

VALUES = {"far": (0.70, 0.71, 0.69), "near": (0.900, 0.903, 0.896), "top": (0.901, 0.904, 0.897)}


@pytest.fixture
def matrix(make):
    results = [
        make.result(name, value=value, half=0.005, repeat=repeat)
        for name, values in VALUES.items()
        for repeat, value in enumerate(values)
    ]
    made = build(results)
    judge_rows(made)
    return made


def column(grid):
    return {row[0].text: row[-1] for row in grid.rows}


def test_the_unit_is_in_the_head_and_not_in_the_cells(matrix):
    grid = paper_grid(matrix)
    assert grid.heads[-1].plain == "lfw accuracy (%)"
    assert all("%" not in box.plain for box in column(grid).values())


def test_std_is_that_of_the_seeds(matrix):
    for name, box in column(paper_grid(matrix, spread="std")).items():
        expected = 100 * statistics.stdev(VALUES[name])
        assert box.small == f"± {expected:.2f}"


def test_std_of_one_seed_is_not_printed(make):
    (row,) = paper_grid(build([make.result()]), spread="std").rows
    assert row[-1].plain == "90.00"


def test_marks_are_significant_unless_asked_for_by_value(matrix):
    by_test = {name: box.mark for name, box in column(paper_grid(matrix)).items()}
    assert by_test == {"far": "", "near": "", "top": ""}
    by_value = paper_grid(matrix, marks="value")
    assert {name: box.mark for name, box in column(by_value).items()} == {
        "far": "", "near": "second", "top": "best"
    }  # fmt: skip
    assert any("by value alone" in note for note in by_value.notes)
    assert not any("Holm" in note for note in by_value.notes)
    assert r"\textbf{90.07 [" in latex(by_value)


def test_limited_and_tied_rows_by_value(make):
    results = [make.result("a", value=0.8), make.result("b", value=0.8),
               make.result("c", value=0.7), make.result("d", value=0.6),
               make.result("e", value=0.99, limited=5)]  # fmt: skip
    grid = paper_grid(build(results), marks="value")
    assert [row[-1].mark for row in grid.rows] == ["best", "best", "second", "", ""]


def test_lower_is_better_where_the_metric_says_so(make):
    results = [
        make.result(f"g{k}", metrics=[make.metric(v, name="eer", headline=True,
                                                  higher_is_better=False)])
        for k, v in enumerate((0.1, 0.3, 0.2))
    ]  # fmt: skip
    grid = paper_grid(build(results), marks="value")
    assert [row[-1].mark for row in grid.rows] == ["best", "", "second"]


def test_two_seeds_explain_their_interval_only_where_it_is_shown(make):
    matrix = build([make.result(value=v, repeat=k) for k, v in enumerate((0.8, 0.9))])
    assert "Student's t" in write(paper_grid(matrix), "md")
    assert "Student's t" not in write(paper_grid(matrix, spread="std"), "md")


@pytest.mark.parametrize("values", [(0.5, 0.6), (0.1, 0.2, 0.9), (0.4, 0.4)])
def test_the_deviation_of_an_estimate_is_that_of_its_seeds(make, values):
    found = pool([make.metric(value, half=0.2) for value in values])
    assert found.deviation == pytest.approx(statistics.stdev(values), abs=1e-12)
