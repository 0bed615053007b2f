"""Which rows of two studies are compared, and why the others are not."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import UsageError
from harness.reporting.compare.studies import compare
from harness.results.columns import write_columns
from harness.results.study import load_study


@pytest.fixture
def cells(make, tmp_path):
    """Cells of a study in which this many of 200 pairs are wrong; None for no number."""

    def made(name, *wrongs, **fields):
        folder = tmp_path / name
        for bench, wrong in wrongs:
            genuine = np.arange(200) % 2 == 0
            right = np.arange(200) >= (wrong or 0)
            distance = np.where(genuine == right, 0.5, 1.5)
            metric = make.metric(None if wrong is None else 1 - wrong / 200, None, headline=True)
            result = make.result(name, bench=bench, metrics=[metric],
                                 raw={"scores": "scores.arrow"}, **fields)  # fmt: skip
            place = make.write_cell(folder, result)
            columns = {"distance": distance, "genuine": genuine, "correct": right,
                       "fold": np.zeros(200, np.int32)}  # fmt: skip
            write_columns(place / "scores.arrow", columns)
        return load_study(folder).cells

    return made


def test_what_stands_in_one_study_alone_is_said(cells):
    rows = compare(cells("a", ("lfw", 1), ("cfp", 1)), cells("b", ("cfp", 1), ("agedb", 1)))
    assert [row.benchmark for row in rows] == ["agedb", "cfp", "lfw"]
    assert (rows[0].note, rows[2].note) == ("only in B", "only in A")
    assert (rows[0].value_a, rows[2].value_b) == (None, None)
    assert {rows[0].verdict, rows[2].verdict} == {"not comparable"}


@pytest.mark.parametrize(
    ("first", "second", "which"), [(None, 3, "A"), (3, None, "B"), (None, None, "A")]
)
def test_what_could_not_be_measured_is_not_compared(cells, first, second, which):
    (row,) = compare(cells("a", ("lfw", first)), cells("b", ("lfw", second)))
    assert (row.note, row.effect, row.p_value) == (f"not measured in {which}", None, None)


def test_other_rules_are_not_compared_and_the_model_s_own_affairs_do_not_count(cells):
    one = cells("a", ("lfw", 1))
    (row,) = compare(one, cells("b", ("lfw", 9), protocol={"flip": "sum"}))
    assert row.note == "protocol differs in flip"
    (row,) = compare(one, cells("c", ("lfw", 9), protocol={"input": {"width": 7}}))
    assert "differs" not in row.note
    placed = cells("d", ("lfw", 9), protocol={"align": "detector"})
    assert compare(one, placed)[0].note == "protocol differs in align"
    assert "differs" not in compare(one, placed, across_alignments=True)[0].note


def test_several_methods_on_one_benchmark_must_be_named(cells):
    one, other = cells("a", ("lfw", 1)), cells("b", ("lfw", 9))
    with pytest.raises(UsageError, match=r"B has several methods on lfw: a > .*, b > .*; name one"):
        compare(one, [*one, *other])
    (row,) = compare(one, [*one, *one])  # a cell that is there twice is one training
    assert (row.seeds_b, row.effect, row.p_value) == (1, 0, 1)


def test_an_altered_result_is_left_out(cells):
    one, other = cells("a", ("lfw", 1)), cells("b", ("lfw", 9))
    file = other[0].folder / "result.json"
    file.write_text(file.read_text().replace("0.955", "0.995"))
    (row,) = compare(one, load_study(other[0].folder.parents[1]).cells)
    assert (row.value_a, row.value_b, row.effect) == (None, None, None)
    assert row.note.startswith("left out: the content of result ")
