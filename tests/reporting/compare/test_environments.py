"""Differences of environments beside differences of digits."""

from __future__ import annotations

import json

import pytest

from harness.reporting.compare import environments
from harness.results.study import Study


def env(**facts):
    known = {"processor": "A", "kernels": {"torch": "AVX2"}, "packages": {"torch": "2.13"},
             "jobs": 2}  # fmt: skip
    return known | facts


def test_the_number_of_jobs_is_no_difference():
    assert environments.differences(env(), env(jobs=8)) == []


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"processor": "B"}, "processor A / B"),
        ({"packages": {"torch": "2.12"}}, "packages torch 2.13 / 2.12"),
        ({"kernels": {"torch": "AVX512"}}, "kernels torch AVX2 / AVX512"),
    ],
)
def test_what_can_move_digits_is_named(facts, said):
    (line,) = environments.differences(env(), env(**facts))
    assert line == said
    assert said in environments.sentence([line])


def test_an_unknown_environment_differs_in_nothing_that_can_be_named():
    assert environments.differences(None, env()) == []
    assert environments.sentence([]) == ""


def test_a_study_says_where_its_results_and_their_inputs_were_made(tmp_path):
    study = Study(folders=(tmp_path,))
    assert environments.within(study) == ""
    study.environments = {"a.json": env(), "b.json": env(processor="B", made_on={"model": {}})}
    said = environments.within(study)
    assert "processor A / B" in said
    assert said.endswith("made in another environment: model")


def test_compare_names_a_difference_of_environment_beside_one_of_digits(harness_command, tmp_path):
    ready = ("run", "-m", "toy-pixels", "-b", "toy-pairs", "-B", "identities=40", "-j", "1")
    harness_command(*ready, "-o", "one")
    harness_command(*ready, "-M", "noise=150", "-o", "other")
    assert "environments differ" not in harness_command("compare", "one", "other").stdout
    for path in (tmp_path / "other/env").glob("*.json"):
        facts = json.loads(path.read_text())
        path.write_text(json.dumps(facts | {"processor": "Another 9000"}))
    done = harness_command("compare", "one", "other")
    assert "/ Another 9000" in done.stdout
    (row,) = map(
        json.loads, harness_command("compare", "one", "other", "--json").stdout.splitlines()
    )
    assert "Another 9000" in row["environment"]
    same = harness_command("compare", "one", "one").stdout
    assert "environments differ" not in same
    assert "Another 9000" in harness_command("trace", "other").stdout
    harness_command("report", "other")
