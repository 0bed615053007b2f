"""Settings and numbers of a result, without the library."""

from __future__ import annotations

from harness_plugins.trackers.wandb.fields import config_of, numbers_of

USE = {"name": "bfm", "label": "mine", "version": 2, "params": {"identities": 4}, "key": "k"}
RESULT = {
    "comparison": "verification", "limited": None, "seed": {"root": 1, "repeat": 2},
    "protocol": {"id": "p", "rule": {"folds": 10}},
    "cell": {"generator": None, "model": USE, "benchmark": USE, "aligner": None},
    "metrics": [
        {"name": "accuracy", "value": 0.9, "at": {}, "ci": {"low": 0.8, "high": 1.0}},
        {"name": "tar@far", "value": 0.5, "at": {"far": 1e-4}, "ci": None},
        {"name": "tar@far", "value": 0.6, "at": {"far": 1e-4}, "ci": None},
        {"name": "eer", "value": None, "at": {}, "ci": None},
    ],
}  # fmt: skip


def test_numbers_have_their_intervals_and_none_replaces_another():
    assert numbers_of(RESULT) == {
        "accuracy": 0.9, "accuracy low": 0.8, "accuracy high": 1.0,
        "tar@far far=0.0001": 0.5, "tar@far far=0.0001 2": 0.6,
    }  # fmt: skip


def test_a_ready_model_has_no_generator():
    config = config_of(RESULT)
    assert "generator" not in config
    assert config["model"] == {k: USE[k] for k in ("name", "label", "version", "params")}
    assert (config["seed"], config["repeat"], config["limit"]) == (1, 2, None)
