"""Failures of a study whose command was corrected."""

from __future__ import annotations

import json

import pytest

from harness.reporting.tables.matrix import build
from harness.results.failures import read_failures
from harness.results.study import load_study

OLD, NEW = "old" * 4, "new" * 4


def plan(key, cell):
    return {
        "nodes": [{"stage": "embed", "key": key, "label": "onnx", "inputs": {}}],
        "cells": [{"key": cell, "label": "onnx > lfw", "inputs": {"embeddings": key}}],
    }


def fail(folder, stage, key):
    place = folder / "failures" / key
    place.mkdir(parents=True)
    said = {"stage": stage, "key": key, "label": "onnx > lfw", "error": "E", "message": "no folds"}
    (place / "failed-1.json").write_text(json.dumps(said))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "plan-1.json").write_text(json.dumps(plan(OLD, f"{OLD}-cell")))
    (tmp_path / "plan.json").write_text(json.dumps(plan(NEW, f"{NEW}-cell")))
    return tmp_path


@pytest.mark.parametrize(
    ("stage", "key", "planned"),
    [("embed", OLD, ()), ("embed", NEW, ("onnx > lfw",)), ("score", f"{OLD}-cell", ()),
     ("score", f"{NEW}-cell", ("onnx > lfw",))],
)  # fmt: skip
def test_only_cells_of_the_newest_plan_count_as_planned(folder, stage, key, planned):
    fail(folder, stage, key)
    (failure,) = read_failures(folder, set(), [], [])
    assert failure.cells == ("onnx > lfw",)
    assert failure.planned == planned


def test_without_a_plan_every_failure_counts(tmp_path):
    fail(tmp_path, "score", OLD)
    (failure,) = read_failures(tmp_path, set(), [], [])
    assert failure.planned == failure.cells == ("onnx > lfw",)


def test_a_corrected_failure_is_not_in_the_table(folder):
    fail(folder, "embed", OLD)
    study = load_study(folder)
    assert len(study.failures) == 1
    assert build(study.results, study.failures).rows == []
    fail(folder, "embed", NEW)
    study = load_study(folder)
    assert [row.model for row in build(study.results, study.failures).rows] == ["onnx"]
