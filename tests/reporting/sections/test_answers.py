"""A stranger finds everything in the report alone."""

from __future__ import annotations

import re
from html import unescape

import pytest

from harness.reporting import render
from harness.reporting.compare.rows import judge_rows
from harness.reporting.compare.verdict import NETWORKS
from harness.reporting.sections.answers import answers, contests
from harness.reporting.tables.matrix import Names, build
from harness.results.study import load_study


@pytest.fixture(scope="module")
def text(study_folder, tmp_path_factory) -> str:
    page = render([study_folder], tmp_path_factory.mktemp("answers"), {"html"})[0]
    found = re.sub(r"<(script|style)\b.*?</\1>", "", page.read_text("utf-8"), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found)).split())


@pytest.fixture
def asked(make, tmp_path):
    """The answers for results that a test makes."""

    def ask(*results):
        for one in results:
            make.write_cell(tmp_path / "study", one)
        study = load_study(tmp_path / "study")
        matrix = build(study.results)
        tests = judge_rows(matrix, study.cells)
        found = answers(study, matrix, Names.of(study.results), tests)
        return {answer.question: " ".join(answer.lines) for answer in found}

    return ask


def test_all_questions_are_answered_first(text):
    first = ("Which generator is best?", "By how much?", "Is that significant?")
    then = ("Where does it fail?", "How was it measured?", "Can I run it again?")
    for question in (*first, *then):
        assert question in text


def test_which_is_best_by_how_much_and_whether_that_is_significant(text):
    assert "Significantly ahead of every other generator: digi2real in 1 of 7 comparisons" in text
    assert "In 6 no generator is ahead of all others." in text
    assert "Lead over the runner-up: +3.00 points [1.59, 4.41] (digi2real over bfm, rfw" in text
    assert "1 of 7 leads over the next generator is significant." in text
    assert "Holm's correction for the 59 tests of this table" in text
    assert "Ranking per benchmark" in text


def test_on_whom_it_fails_is_said_with_numbers(text):
    assert "African is the worst group with 71.00 %, against 83.00 % for Caucasian" in text
    assert "accuracy is worst at yaw (degrees) 90 with" in text
    assert "No face was found in up to 2.00 % of the images" in text
    assert "accuracy-std" in text or "std" in text


def test_how_it_was_measured_and_whether_it_can_be_run_again(text):
    assert "lfw@1" in text
    assert "3,000 genuine, 3,000 impostor" in text
    assert "harness run -c study.toml" in text
    assert "1 of " in text  # the limited run
    for part in ("seed", "faces", "training", "benchmark", "scores", "threshold", "printed"):
        assert part in text


def test_no_folder_of_the_user_is_named(text):
    assert "somebody" not in text
    assert "secret" not in text
    assert 'root = "lfw"' in text
    assert "…/faces.rec is cut short" in text
    assert '"…/code.py"' in text


def test_every_phase_of_a_training_is_shown(text):
    assert "a row for each phase" in text
    assert "casia 50 identities, 500 images" in text
    assert "lr is assumed" in text


def test_leaks_and_likeness_are_shown(text):
    assert "1 search recorded: no leak found." in text
    assert "pairs of training set and benchmark were not searched" in text
    assert "Most similar identities of bfm" in text


def test_a_lead_inside_the_noise_is_not_significant(asked, make):
    found = asked(make.result("a", value=0.901, half=0.01), make.result("b", value=0.9, half=0.01))
    assert found["Which generator is best?"] == (
        "No significant difference: none of a, b is ahead in 1 comparison."
    )
    assert "+0.10 points [-1.31, 1.51] (a over b, lfw accuracy)" in found["By how much?"]
    assert "0 of 1 leads over the next generator are significant." in found["Is that significant?"]
    assert NETWORKS in found["Is that significant?"]


def test_a_lead_beyond_the_noise_is(asked, make):
    found = asked(
        make.result("a", value=0.9), make.result("b", value=0.8),
        make.result("a", bench="cfp", value=0.7), make.result("b", bench="cfp", value=0.7),
    )  # fmt: skip
    assert found["Which generator is best?"] == (
        "Significantly ahead of every other generator: a in 1 of 2 comparisons. "
        "In 1 no generator is ahead of all others."
    )
    assert "Lead over the runner-up: 0.00 points" in found["By how much?"]
    assert "1 of 2 leads over the next generator is significant." in found["Is that significant?"]


def test_with_one_generator_the_cards_are_about_models(asked, make):
    found = asked(make.result("a", "one", value=0.9), make.result("a", "two", value=0.8))
    assert found["Which model is best?"].startswith(
        "Significantly ahead of every other model: one in 1 of 1"
    )


def test_ready_networks_are_compared_as_models(asked, make):
    found = asked(make.result(None, "one", value=0.8), make.result(None, "two", value=0.8))
    assert "none of one, two is ahead in 1 comparison" in found["Which model is best?"]
    assert NETWORKS not in found["Is that significant?"]


def test_one_row_is_compared_with_nothing(asked, make):
    found = asked(make.result("a"), make.result(None, "onnx"))
    assert found["Which generator is best?"] == (
        "Not applicable: this study has only one generator per model."
    )
    assert found["By how much?"].startswith("Not applicable")
    assert found["Can I run it again?"].startswith("Not directly")


def test_limited_runs_and_other_models_are_no_rivals(make):
    rivals = [
        make.result("a", value=0.9),
        make.result("b", value=0.95, limited=5),
        make.result("b", "iresnet50", value=0.95),
    ]
    matrix = build(rivals)
    # Two models on one generator are left, of full runs.
    kind, found = contests(matrix, judge_rows(matrix))
    assert (kind, found) == ("generator", [])
    matrix = build([*rivals, make.result("b", value=0.8)])
    kind, (found,) = contests(matrix, judge_rows(matrix))
    assert (kind, found.ranked, found.column.benchmark) == ("generator", ("a", "b"), "lfw")
    assert found.clear


def test_the_worst_condition_is_of_one_metric_and_the_mean_of_the_seeds(asked, make):
    """Numbers of another metric, of one seed alone, or of a handful of pairs are not taken."""
    metric = make.metric
    seeds = [
        make.result(bench="poses", repeat=repeat, metrics=[
            metric(0.8, headline=True),
            metric(0.5 + 0.1 * repeat, at={"yaw_deg": 30.0}),
            metric(0.7, at={"yaw_deg": 15.0}),
            metric(0.1, 0.4, at={"yaw_deg": 0.0}),  # from few pairs
            metric(0.2, name="auc", at={"yaw_deg": 15.0}),
            metric(0.99, name="auc", at={"yaw_deg": 30.0}),
        ])
        for repeat in range(2)
    ]  # fmt: skip
    said = asked(*seeds)["Where does it fail?"]
    assert "accuracy is worst at yaw (degrees) 30 with 55.00 %, best at 15 with 70.00 %." in said
    assert "99.00" not in said


def test_of_an_error_rate_the_highest_is_the_worst(asked, make):
    rates = [make.metric(rate, name="eer", at={"yaw_deg": yaw}, higher_is_better=False)
             for yaw, rate in ((0.0, 0.02), (60.0, 0.2))]  # fmt: skip
    result = make.result(bench="poses", metrics=[make.metric(0.8, headline=True), *rates])
    said = asked(result)["Where does it fail?"]
    assert "eer is worst at yaw (degrees) 60 with 20.00 %, best at 0 with 2.00 %." in said
