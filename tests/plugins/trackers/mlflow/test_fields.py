from __future__ import annotations

import pytest

from harness_plugins.trackers.mlflow.fields import clean, metrics_of, params_of

RESULT = {
    "comparison": "verification",
    "limited": None,
    "seed": {"root": 3, "repeat": 1},
    "protocol": {"id": "p@1", "input": {"width": 112}},
    "cell": {
        "generator": None,
        "model": {"name": "net", "version": 2, "params": {"epochs": 4, "weights": None}},
        "benchmark": {"name": "lfw", "version": 1, "params": {"note": "x" * 900}},
        "aligner": None,
    },
    "metrics": [
        {"name": "accuracy", "value": 0.75, "at": {}, "ci": {"low": 0.5, "high": 1.0}},
        {"name": "accuracy", "value": 0.5, "at": {"fold": 1}, "ci": None},
        {"name": "tar@far", "value": 0.25, "at": {"far": 1e-4}, "ci": None},
        {"name": "tar_at_far", "value": 0.125, "at": {"far": 1e-4}, "ci": None},
        {"name": "eer", "value": None, "at": {}, "ci": None},
    ],
}


def test_every_number_that_was_measured_has_a_name_of_its_own():
    assert metrics_of(RESULT) == {
        "accuracy": 0.75,
        "accuracy.low": 0.5,
        "accuracy.high": 1.0,
        "accuracy.fold_1": 0.5,
        "tar_at_far.far_0.0001": 0.25,
        "tar_at_far.far_0.0001.2": 0.125,
    }


def test_parameters_are_flat_and_short_and_none_is_left_out():
    assert params_of(RESULT) == {
        "comparison": "verification",
        "root": "3",
        "repeat": "1",
        "model": "net",
        "model.version": "2",
        "model.epochs": "4",
        "benchmark": "lfw",
        "benchmark.version": "1",
        "benchmark.note": "x" * 500,
        "protocol.id": "p@1",
        "protocol.input.width": "112",
    }


@pytest.mark.parametrize(
    ("name", "wanted"), [("tar@far", "tar_at_far"), ("a/b:c=d e", "a_b_c_d e"), ("größe", "gr__e")]
)
def test_names_hold_only_what_mlflow_takes(name, wanted):
    assert clean(name) == wanted
