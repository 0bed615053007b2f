"""What a study says in words: the standing of every measure, and the sentence above a report."""

from __future__ import annotations

import pytest

from harness.reporting.compare import verdict as words
from harness.reporting.compare.rows import judge_rows
from harness.reporting.compare.verdict import NETWORKS
from harness.reporting.tables.matrix import build


def standings(matrix):
    return words.standings(matrix, judge_rows(matrix))


def verdict(matrix, failures):
    return words.verdict(matrix, judge_rows(matrix), failures)


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
    assert (first.first.generator, first.runner_up[0].generator) == ("a", "b")
    assert (first.value.value, first.change.found.effect) == (0.9, pytest.approx(0.1))
    assert first.clear
    assert (alone.first.generator, alone.runner_up, alone.change) == ("a", None, None)
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
         (f"{A} is significantly ahead of {B} on lfw accuracy, by +10.00 points [8.59, 11.41]. "
         f"{NETWORKS}")),
        ([("a", "lfw", 0.9, 0.05), ("b", "lfw", 0.89, 0.05)],
         (f"No significant difference on lfw accuracy: {A} less {B} is +1.00 points "
         f"[-6.07, 8.07]. {NETWORKS}")),
        ([("a", "lfw", 0.9, 0.05), ("b", "lfw", 0.9, 0.05)],
         (f"No difference on lfw accuracy: {A} and {B} are equal, 90.00 % [85.00, 95.00]. "
         f"{NETWORKS}")),
        ([("a", "lfw", 0.9, 0.05), ("b", "lfw", 0.89, 0.05), ("c", "lfw", 0.88, 0.05)],
         f"No significant difference on lfw accuracy among 3 rows. {NETWORKS}"),
        ([("a", "lfw", 0.9, 0.01), ("b", "lfw", 0.9, 0.01), ("c", "lfw", 0.7, 0.01)],
         ("2 of 3 differences between rows are significant on lfw accuracy, and no row is ahead of "
         f"all others. {NETWORKS}")),
        ([("a", "lfw", 0.9, None), ("b", "lfw", 0.8, None)],
         ("Differences on lfw accuracy cannot be tested: no scores and no intervals. "
         f"{NETWORKS}")),
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
         f"{A} is significantly ahead of {B} on 2 of 2 benchmarks."),
        (ranked("x", "a", "b") + ranked("y", "a", "b", 0.09) + ranked("z", "b", "a"),
         f"Significantly ahead of all others: {A} on 1, {B} on 1 of 3 benchmarks; on 1 no row is."),
        (ranked("x", "a", "b", 0.09) + ranked("y", "a", "b", 0.09),
         "No significant difference on any of 2 benchmarks."),
        (ranked("x", "a", "b", None) + ranked("y", "a", "b", None),
         "Differences on 2 benchmarks cannot be tested: no scores and no intervals."),
    ],
)  # fmt: skip
def test_the_verdict_on_several_benchmarks(matrix, cells, sentence):
    assert verdict(matrix(*cells), 0) == f"{sentence} {NETWORKS}"


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
