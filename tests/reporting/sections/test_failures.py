from __future__ import annotations

import json

import pytest

from harness.reporting.sections import failures
from harness.results.schema import EnrolmentRecord
from harness.results.study import load_study


def enrolled(make, bench, images, failed, key="", **more):
    placed = {"given": images - failed, "box": 0} if images else {}
    record = EnrolmentRecord(
        images=images, failed=failed, placed_by=placed,
        reasons={"no face": failed} if failed else {},
        failed_names=[f"{k}.jpg" for k in range(failed)],
    )  # fmt: skip
    made = make.result(bench=bench, enrolment=record, **more)
    inputs = made.provenance.inputs | ({"placements": key} if key else {})
    return made.model_copy(
        update={"provenance": made.provenance.model_copy(update={"inputs": inputs})}
    )


def test_broken_stages_name_no_folder_of_the_machine(make, study_of):
    folder = study_of(make.result()).folder
    make.write_failure(
        folder, "train", "bfm > net", "ab" * 32, "OSError: /home/me/secret/x.rec is cut", 2
    )
    (found,) = failures.broken(load_study(folder))
    assert (found.stage, found.label, found.error, found.attempt) == (
        "train", "bfm > net", "RuntimeError", 2,
    )  # fmt: skip
    assert "x.rec is cut" in found.message
    assert "secret" not in found.message + found.traceback
    assert "code.py" in found.traceback


def test_nothing_failed_is_no_table(make, study_of):
    study = study_of(make.result(enrolment=None)).study
    assert failures.broken(study) == []
    assert failures.damaged(study) is None


def test_the_failure_to_enrol_is_a_percentage_of_the_images(make, study_of, lines):
    made = study_of(enrolled(make, "lfw", 400, 5), enrolled(make, "cfp", 300, 0))
    grid = failures.enrolment(made.study, made.names)
    rows = {row[0]: row[2:] for row in lines(grid)}
    assert rows["lfw"] == [
        "given 395", "400", "5", "1.25", "5 no face", "0.jpg, 1.jpg, 2.jpg …",
    ]  # fmt: skip
    assert rows["cfp"] == ["given 300", "300", "0", "0.00", "", ""]
    assert {row[5].sort for row in grid.rows} == {0.0125, 0.0}


@pytest.mark.parametrize("failed", [3, 4])
def test_more_names_are_hinted_at_only_where_there_are_more(make, study_of, failed):
    made = study_of(enrolled(make, "lfw", 10, failed))
    text = failures.enrolment(made.study, made.names).rows[0][-1].text
    assert text.endswith(" …") == (failed > 3)


def test_equal_placements_of_a_benchmark_are_one_row(make, study_of, lines):
    made = study_of(
        enrolled(make, "lfw", 10, 1, "p", value=0.8), enrolled(make, "lfw", 10, 1, "p", repeat=1),
        enrolled(make, "lfw", 10, 2, "q", model="other"), enrolled(make, "cfp", 10, 1, "p"),
    )  # fmt: skip
    found = lines(failures.enrolment(made.study, made.names))
    assert sorted((row[0], row[4]) for row in found) == [("cfp", "1"), ("lfw", "1"), ("lfw", "2")]


def test_results_without_images_have_no_rate(make, study_of):
    made = study_of(make.result().model_copy(update={"enrolment": None}))
    assert failures.enrolment(made.study, made.names) is None


def test_damaged_files_are_named_below_their_study(make, study_of, lines):
    folder = study_of(make.result(), make.result(bench="cfp")).folder
    broken = next(folder.glob("cells/*cfp*/result.json"))
    broken.write_text(json.dumps({"schema": 1}))
    study = load_study(folder)
    (row,) = lines(failures.damaged(study))
    assert row[0] == broken.relative_to(folder).as_posix()
    assert row[1]
