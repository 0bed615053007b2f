"""Results of older harnesses load, and the newest schema does not change unnoticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import PrerequisiteError
from harness.results.cells import finished
from harness.results.migrate import NAME, STEPS, VERSION, migrated
from harness.results.schema import SCHEMA, Result
from harness.results.study import load_study

GOLDEN = Path(__file__).parents[1] / "data" / "results"
OLD = GOLDEN / "result-1.json"
NEWEST = GOLDEN / f"result-{VERSION}.json"


def test_every_version_has_a_step_and_a_golden_file():
    assert f"{NAME}{VERSION}" == SCHEMA
    assert sorted(STEPS) == list(range(1, VERSION))
    assert {path.name for path in GOLDEN.glob("*.json")} == {
        f"result-{version}.json" for version in range(1, VERSION + 1)
    }


def test_the_newest_file_is_read_and_written_byte_for_byte():
    text = NEWEST.read_text(encoding="utf-8")
    assert Result.from_json(text).to_json() == text


def test_an_old_result_loads_with_what_its_version_did_not_say():
    made = Result.from_json(OLD.read_text(encoding="utf-8"))
    assert made.schema_ == SCHEMA
    (printed,) = made.published
    assert (printed.metric, printed.at, printed.value) == ("accuracy", {}, 0.931)
    assert made.enrolment.failure_rate == made.enrolment.failed / made.enrolment.images
    newest = Result.from_json(NEWEST.read_text(encoding="utf-8"))
    assert made.id == newest.id
    assert [m.value for m in made.metrics] == [m.value for m in newest.metrics]


def test_a_study_of_an_old_harness_is_read_and_left_as_it_is(tmp_path):
    cell = tmp_path / "cells" / "old"
    cell.mkdir(parents=True)
    before = OLD.read_bytes()
    (cell / "result.json").write_bytes(before)
    study = load_study(tmp_path)
    assert not study.damaged
    assert study.results[0].published[0].metric == "accuracy"
    assert (cell / "result.json").read_bytes() == before


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (f"{NAME}{VERSION + 1}", "newer harness"),
        (f"{NAME}0", "is none of a result"),
        ("harness/leak@1", "is none of a result"),
        (None, "is none of a result"),
    ],
)
def test_what_is_no_result_of_this_or_an_older_harness(tmp_path, schema, message):
    fields = json.loads(OLD.read_text()) | {"schema": schema}
    with pytest.raises(ValueError, match=message):
        migrated(fields)
    (tmp_path / "cells" / "x").mkdir(parents=True)
    (tmp_path / "cells" / "x" / "result.json").write_text(json.dumps(fields))
    (damaged,) = load_study(tmp_path).damaged
    assert message in damaged.reason


def test_ten_thousand_numbers_load_within_a_second(tmp_path):
    """500 results of twenty numbers each; the best of three, so that a busy machine passes."""
    import time

    fields = json.loads(NEWEST.read_text())
    one = fields["metrics"][0]
    fields["metrics"] = [{**one, "at": {"part": float(i)}, "headline": i == 0} for i in range(20)]
    for number in range(500):
        cell = tmp_path / "cells" / f"{number:04}"
        cell.mkdir(parents=True)
        fields["id"] = f"{number:064x}"
        (cell / "result.json").write_text(json.dumps(fields, indent=1))
    took = []
    for _ in range(3):
        start = time.process_time()
        study = load_study(tmp_path)
        took.append(time.process_time() - start)
    assert sum(len(result.metrics) for result in study.results) == 10_000
    assert min(took) < 1


def test_a_result_of_a_newer_harness_is_not_made_again(tmp_path):
    fields = json.loads(NEWEST.read_text()) | {"schema": f"{NAME}{VERSION + 1}"}
    (tmp_path / "result.json").write_text(json.dumps(fields))
    with pytest.raises(PrerequisiteError, match="newer harness"):
        finished(tmp_path)
    (tmp_path / "result.json").write_text("{")
    assert finished(tmp_path) is None
