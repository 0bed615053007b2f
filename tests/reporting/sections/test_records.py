from __future__ import annotations

import json

import pytest

from harness.reporting.sections import records
from harness.reporting.tables.matrix import Names
from harness.results.study import load_study


def test_results_of_equal_rules_are_one_protocol(make, study_of):
    made = study_of(
        make.result("a"), make.result("b"), make.result("a", bench="cfp"),
        make.result("c", protocol={"flip": "add"}),
    )  # fmt: skip
    found = records.protocols(made.study, made.names)
    assert [one.title for one in found] == [
        "cfp (verification)", "lfw (verification)", "lfw (verification)",
    ]  # fmt: skip
    users = sorted(sorted(title for _, title in one.results) for one in found)
    assert users == [["a > facenet-nn4 > cfp"], ["a > facenet-nn4 > lfw", "b > facenet-nn4 > lfw"],
                     ["c > facenet-nn4 > lfw"]]  # fmt: skip
    assert {one.rules["flip"] for one in found if one.title.startswith("lfw")} == {"none", "add"}
    assert all(one.rules["benchmark version"] == "1" for one in found)
    assert len({one.id for one in found}) == 3


@pytest.mark.parametrize(
    ("change", "same"),
    [({"value": 0.5}, True), ({"repeat": 1}, True), ({"comparison": "fairness"}, False),
     ({"genuine": 2999}, False), ({"bench": "cfp"}, False)],
)  # fmt: skip
def test_a_protocol_is_told_by_its_rules_alone(make, change, same):
    one, other = make.result(), make.result(**change)
    assert (records.protocol_id(one) == records.protocol_id(other)) == same


def test_a_new_version_of_a_benchmark_is_another_protocol(make):
    one = make.result()
    newer = one.cell.benchmark.model_copy(update={"version": 2})
    other = one.model_copy(update={"cell": one.cell.model_copy(update={"benchmark": newer})})
    assert records.protocol_id(one) != records.protocol_id(other)


@pytest.mark.parametrize(
    ("fields", "title"),
    [({}, "bfm > facenet-nn4 > lfw"), ({"repeat": 2}, "bfm > facenet-nn4 > lfw, repeat 2"),
     ({"comparison": "fairness"}, "bfm > facenet-nn4 > lfw/fairness")],
)  # fmt: skip
def test_a_result_in_a_line(make, study_of, fields, title):
    made = study_of(make.result(**fields))
    assert records.result_title(made.study.results[0], made.names) == title


def test_components_stand_once_by_role(make, study_of):
    made = study_of(
        make.result("b"), make.result("a"), make.result("a", "other"), make.result(None, "onnx")
    )
    found = [(part.role, part.name) for part in records.components(made.study)]
    assert found == [
        ("Generator", "a"), ("Generator", "b"), ("Model", "facenet-nn4"), ("Model", "onnx"),
        ("Model", "other"), ("Benchmark", "lfw"),
    ]  # fmt: skip
    assert len({part.id for part in records.components(made.study)}) == len(found)


def test_where_a_number_comes_from(make, study_of):
    result = make.result(
        limited=7, raw={"scores": "scores.arrow", "sha256": "abc"}, warnings=["mind this"]
    )
    made = study_of(result)
    (origin,) = records.origins(made.study, made.names)
    facts = dict(origin.facts)
    assert facts["Result"] == result.id
    assert facts["Limited"] == "7"
    assert facts["Code"] == "distribution synthface-harness, version 0.1.0"
    assert facts["Scores"] == "scores.arrow sha256 abc"
    assert facts["Cost"].startswith("embed 1.5")
    assert facts["Faces"] == "100 images; placed 98 by given; 2 failed"
    assert [role for role, _, _ in origin.parts] == ["Generator", "Model", "Benchmark"]
    assert origin.warnings == ["mind this"]


def test_what_is_not_known_is_left_out(make, study_of):
    bare = make.result(raw={}, enrolment=None)
    made = study_of(bare)
    facts = dict(records.origins(made.study, made.names)[0].facts)
    assert not {"Limited", "Scores", "Faces"} & set(facts)


def test_an_altered_result_is_said_to_be_altered(make, study_of):
    folder = study_of(make.result()).folder
    file = next(folder.glob("cells/*/result.json"))
    text = file.read_text()
    assert '"value": 0.9' in text
    file.write_text(text.replace('"value": 0.9', '"value": 0.89'))
    study = load_study(folder)
    (origin,) = records.origins(study, Names.of(study.results))
    assert any(warning.startswith("altered: ") for warning in origin.warnings)


def test_environments_stand_side_by_side(make, study_of, lines):
    folder = study_of(make.result()).folder
    (folder / "env").mkdir()
    for name, env in (("a", {"python": "3.11", "packages": {"numpy": "2"}}),
                      ("b", {"python": "3.12", "gpu": "H200"})):  # fmt: skip
        (folder / f"env/{name}.json").write_text(json.dumps(env))
    grid = records.environments(load_study(folder))
    assert grid.heads[0].text == "Fact"
    rows = {row[0]: row[1:] for row in lines(grid)}
    assert sorted(rows["python"]) == ["3.11", "3.12"]
    assert sorted(rows["gpu"]) == ["", "H200"]
    assert sorted(rows["packages.numpy"]) == ["", "2"]


def test_a_study_without_environments_has_no_table(make, study_of):
    assert records.environments(study_of(make.result()).study) is None
