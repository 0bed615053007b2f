"""Results and studies in a line, and as a notebook shows them."""

from __future__ import annotations

import html
import re

import pytest

from harness.api import load_study
from harness.results import study as studies

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=y>"


@pytest.fixture
def folder(make, tmp_path):
    for repeat in range(2):
        named = make.component("bfm").model_copy(update={"label": HOSTILE})
        make.write_cell(tmp_path / "s", make.result(named, repeat=repeat, warnings=[HOSTILE]))
    return tmp_path / "s"


def test_a_study_of_any_size_is_one_short_line(folder):
    study = load_study(folder)
    assert repr(study) == "<Study s: 2 results>"
    study.cells *= 500
    assert len(repr(study)) < 80


def test_failures_and_damage_are_in_the_line(make, folder):
    (make.write_cell(folder, make.result(model="onnx")) / "result.json").write_text("{")
    make.write_failure(folder, "train", "a > b > lfw", "0" * 64)
    line = repr(load_study(folder))
    assert line == "<Study s: 2 results, 1 failed, 1 damaged>"


def test_a_result_is_one_line(make):
    line = repr(make.result(value=0.9))
    assert re.fullmatch(
        r"<Result [0-9a-f]{12} bfm > facenet-nn4 on lfw: accuracy 90.00 % \[89.00, 91.00\]>", line
    )


def test_a_notebook_shows_the_table_and_every_text_is_escaped(folder):
    study = load_study(folder)
    for shown in (study._repr_html_(), study.results[0]._repr_html_()):
        assert "<script" not in shown
        assert "<img" not in shown
        assert html.escape(HOSTILE) in shown
    assert "lfw accuracy (%)" in study._repr_html_()
    assert study._repr_html_().count("<tr>") == 2


def test_an_altered_result_says_so(make):
    result = make.result().model_copy()
    result._found("altered")
    assert "Altered" in result._repr_html_()


def test_a_study_without_results_or_without_reporting_shows_its_line(folder, tmp_path):
    assert studies.load_study(folder)._repr_html_() is None
    assert studies.load_study(allow_empty=True)._repr_html_() is None


def test_the_frame_has_labels(folder):
    frame = load_study(folder).frame()
    assert set(frame["generator_label"]) == {HOSTILE}
    assert set(frame["model_label"]) == {"facenet-nn4"}
