"""What a study says in words: the standing of every measure, and the sentence above a report."""

from __future__ import annotations

import pytest

from harness.reporting.compare.verdict import standings, verdict
from harness.reporting.tables.matrix import build


@pytest.fixture
def matrix(make):
    """Cells given as (generator, benchmark, value, half width of the interval)."""

    def made(*cells, **fields):
        return build([
            make.result(generator, bench=bench, metrics=[
                make.metric(value, half, headline=True)], **fields)
            for generator, bench, value, half in cells
        ])  # fmt: skip

    return made


def test_the_standing_of_every_measure(matrix):
    first, alone = standings(
        matrix(("a", "cfp", 0.9, 0.01), ("b", "cfp", 0.8, 0.01), ("a", "lfw", 0.7, 0.01))
    )
    assert (first.first.generator, first.second.generator) == ("a", "b")
    assert (first.value.value, first.change.value) == (0.9, pytest.approx(0.1))
    assert first.clear
    assert (alone.first.generator, alone.second, alone.change) == ("a", None, None)
    assert not alone.clear


def test_numbers_and_differences_in_words(matrix):
    (place,) = standings(matrix(("a", "lfw", 0.9, 0.01), ("b", "lfw", 0.85, 0.01)))
    assert place.value_text == "90.00 % [89.00, 91.00]"
    # The arms of both intervals joined in quadrature: 1.41 points.
    assert place.change_text == "+5.00 points [3.59, 6.41]"


def test_a_difference_without_intervals_is_not_known(matrix):
    (place,) = standings(matrix(("a", "lfw", 0.9, None), ("b", "lfw", 0.85, 0.01)))
    assert (place.change, place.change_text, place.clear) == (None, "", False)
    (alone,) = standings(matrix(("a", "lfw", 0.9, 0.01)))
    assert alone.change_text == ""


def test_what_is_not_measured_has_no_standing(matrix):
    assert standings(matrix(("a", "lfw", None, None))) == []


A, B, C = "a > facenet-nn4", "b > facenet-nn4", "c > facenet-nn4"


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ([("a", "lfw", None, None)], "No full run has a number yet."),
        ([], "No cell has finished."),
        ([("a", "lfw", 0.9, 0.01)],
         f"{A} reaches 90.00 % [89.00, 91.00] on lfw accuracy; nothing to compare it with yet."),
        ([("a", "lfw", 0.9, 0.01), ("b", "cfp", 0.9, 0.01), ("b", "agedb", 0.9, 0.01)],
         (f"{B} reaches 90.00 % [89.00, 91.00] on agedb accuracy, and 2 more in the table; "
         "nothing to compare it with yet.")),
        ([("a", "lfw", 0.9, 0.01), ("b", "lfw", 0.8, 0.01)],
         (f"{A} is first on lfw accuracy with 90.00 % [89.00, 91.00]; its lead over {B} of "
         "+10.00 points [8.59, 11.41] is significant.")),
        ([("a", "lfw", 0.9, 0.05), ("b", "lfw", 0.89, 0.05)],
         (f"{A} is first on lfw accuracy with 90.00 % [85.00, 95.00]; its lead over {B} of "
         "+1.00 points [-6.07, 8.07] is not significant.")),
        ([("a", "lfw", 0.9, None), ("b", "lfw", 0.8, None)],
         (f"{A} is first on lfw accuracy with 90.00 %; whether it beats {B} is unknown without "
         "intervals.")),
    ],
)  # fmt: skip
def test_the_sentence_above_a_report(matrix, cells, sentence):
    assert verdict(matrix(*cells), 0).replace("−", "-") == sentence


def ranked(bench, first, second, half=0.001):
    return [(first, bench, 0.9, half), (second, bench, 0.8, half)]


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (ranked("x", "a", "b") + ranked("y", "a", "b"),
         f"{A} ranks first on 2 of 2 measures, significantly ahead of the second on 2 of them."),
        (ranked("x", "a", "b") + ranked("y", "a", "b", 0.09) + ranked("z", "b", "a"),
         f"{A} ranks first on 2 of 3 measures, significantly ahead of the second on 1 of them."),
        (ranked("x", "a", "b", None) + ranked("y", "a", "b", None),
         f"{A} ranks first on 2 of 2 measures, significantly ahead of the second on none of them."),
        (ranked("x", "a", "b") + ranked("y", "b", "a"),
         (f"No run leads overall; {A} ranks first on 1 of 2 measures, significantly ahead of the "
         "second on 1 of them.")),
    ],
)  # fmt: skip
def test_the_leader_of_several_measures(matrix, cells, sentence):
    assert verdict(matrix(*cells), 0) == sentence


@pytest.mark.parametrize(
    ("failures", "said"), [(0, ""), (1, " 1 stage failed."), (2, " 2 stages failed.")]
)
def test_failures_are_counted(matrix, failures, said):
    assert verdict(matrix(("a", "lfw", 0.9, 0.01)), failures).endswith(f"with yet.{said}")


def test_limited_runs_are_said_not_to_be_ranked(matrix):
    one = matrix(("a", "lfw", 0.9, 0.01), limited=5)
    assert verdict(one, 0) == "No full run has a number yet. 1 limited row is not ranked."
    two = matrix(("a", "lfw", 0.9, 0.01), ("b", "lfw", 0.9, 0.01), limited=5)
    assert verdict(two, 1).endswith("2 limited rows are not ranked. 1 stage failed.")
