"""Odd contents of somebody's result or side file are refused by name, never a crash of a report."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.results.schema import Result
from harness.results.stored_facts import AttributesRecord, check_environment

STORED = Path(__file__).parents[1] / "data" / "results"
HISTOGRAM = {"edges": [0.0, 1.0, 2.0, 3.0], "counts": [1, 2, 3]}
NAN, INF, HUGE = float("nan"), float("inf"), 10**400


def set_at(fields, place, value):
    for step in place[:-1]:
        fields = fields[step]
    fields[place[-1]] = value


@pytest.fixture
def fields():
    """A stored result, unsealed as one that somebody forged."""
    found = json.loads((STORED / "result-3.json").read_text())
    found.pop("digest", None)
    return found


FACTS = ("cell", "model", "facts")
ENROLMENT = {"images": 3, "failed": 1, "placed_by": {}, "reasons": {}, "failed_names": []}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((*FACTS, "steps"), "abc"), ((*FACTS, "steps"), None), ((*FACTS, "steps"), -1),
        ((*FACTS, "steps"), HUGE), ((*FACTS, "earlier_phases"), None),
        ((*FACTS, "earlier_phases"), [3]), ((*FACTS, "earlier_phases"), [{"steps": "x"}]),
        ((*FACTS, "trained_on"), 3), ((*FACTS, "trained_on"), [{"name": "x"}]),
        ((*FACTS, "seconds"), INF), ((*FACTS, "seconds"), "1"),
        ((*FACTS, "validation_accuracy"), "high"), ((*FACTS, "settings"), []),
        (("enrolment",), ENROLMENT | {"failed": "x"}),
        (("enrolment",), ENROLMENT | {"images": "x"}),
        (("enrolment",), {k: v for k, v in ENROLMENT.items() if k != "failed"}),
        (("enrolment",), ENROLMENT | {"images": HUGE}),
        (("enrolment",), ENROLMENT | {"reasons": {"a": -1}}), (("cost", "wall_s"), {"train": NAN}),
        (("cost", "wall_s"), {"train": -1.0}), (("cost", "images"), -1),
        (("seed", "root"), HUGE), (("metrics", 0, "at"), {"far": NAN}),
        (("metrics", 0, "at"), {"far": -INF}), (("protocol", "x"), [{"y": -HUGE}]),
    ],
    ids=range(25),
)  # fmt: skip
def test_a_result_that_no_report_can_show_is_refused(fields, place, value):
    Result.from_fields(copy.deepcopy(fields))
    set_at(fields, place, value)
    with pytest.raises(ValueError, match=r"\w"):
        Result.from_fields(fields)


def test_the_rate_of_failures_follows_from_the_counts(fields):
    fields["enrolment"] = ENROLMENT
    assert Result.from_fields(fields).enrolment.failure_rate == 1 / 3


def test_facts_of_plugins_and_of_diverged_trainings_are_read(fields):
    set_at(fields, (*FACTS, "plugin"), {"x": ["y", NAN]})
    set_at(fields, (*FACTS, "final_loss"), NAN)
    assert Result.from_fields(fields).cell.model.facts["plugin"]["x"][0] == "y"


@pytest.mark.parametrize(
    "histogram",
    [
        HISTOGRAM | {"edges": ["a", "b", "c", "d"]}, HISTOGRAM | {"counts": ["a", "b", "c"]},
        HISTOGRAM | {"edges": [0.0, NAN, 2.0, 3.0]}, HISTOGRAM | {"edges": [0.0, 2.0, 1.0, 3.0]},
        HISTOGRAM | {"counts": [1, -1, 2]}, HISTOGRAM | {"counts": [2**63, 1, 1]},
        HISTOGRAM | {"counts": [1]}, HISTOGRAM | {"counts": {"0": 1}}, {"edges": [], "counts": []},
        {"edges": [float(n) for n in range(10_002)], "counts": [1] * 10_001}, 3,
    ],
    ids=range(11),
)  # fmt: skip
def test_odd_histograms_are_refused(histogram):
    record = {"faces": 3, "read": 3, "numeric": {"yaw": HISTOGRAM}, "named": {"light": {"on": 3}}}
    AttributesRecord.model_validate(record)
    with pytest.raises(ValidationError):
        AttributesRecord.model_validate(record | {"numeric": {"yaw": histogram}})


def test_a_name_too_long_for_a_title_is_refused():
    record = {"faces": 3, "read": 3, "numeric": {"x" * 201: HISTOGRAM}, "named": {}}
    with pytest.raises(ValidationError):
        AttributesRecord.model_validate(record)


@pytest.mark.parametrize(
    "facts",
    [
        {"kernels": [1]}, {"kernels": "mkl"}, {"made_on": 3}, {"made_on": [1, "a"]}, [], "x",
        {"made_on": {"model": {"kernels": 3}}}, {"threads": HUGE},
    ],
    ids=range(8),
)  # fmt: skip
def test_odd_environments_are_refused(facts):
    known = {"kernels": {"mkl": "auto"}, "made_on": {"model": {"threads": 1}, "faces": "unknown"}}
    check_environment(known)
    check_environment({})
    with pytest.raises(ValueError, match=r"\w"):
        check_environment(facts)
