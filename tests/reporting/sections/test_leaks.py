from __future__ import annotations

import json

import pytest

from harness.reporting.sections.leaks import SHOWN, leaks, searches


@pytest.fixture
def looked(make, study_of):
    """The section of a study on bfm and lfw, with the records of leak checks."""

    def made(*records, results=None, folder="study"):
        faces = make.component("bfm", identities=100)
        written = study_of(*(results or [make.result(faces)]), folder=folder)
        (written.folder / "leaks").mkdir()
        for number, fields in enumerate(records):
            record = make.leak(fields.pop("training_key", faces.key), **fields)
            path = written.folder / f"leaks/{number:012x}-{record['benchmark']}.json"
            path.write_text(json.dumps(record))
        found = searches(written.study)
        return leaks(written.study, written.names, found), written.study

    return made


def test_a_search_without_a_leak(looked, lines):
    made, _ = looked({})
    assert (made.verdict, made.leaked) == ("1 search recorded: no leak found.", False)
    (row,) = lines(made.grid)
    assert row[:5] == ["lfw", "bfm", "onnx", "no leak found", "5,749"]
    assert row[5:] == ["0", "0.4", "not known", "1e-05", "264,660,000"]
    assert made.grid.rows[0][3].mark == ""


def test_a_leak_is_marked_and_counted(looked, lines):
    made, _ = looked({"leaked": True, "above": 7}, {"benchmark": "cfp-fp"})
    assert made.leaked
    assert made.verdict == "2 searches recorded: 1 found a leak."
    marks = {row[0].text: (row[3].text, row[3].mark, row[5].text) for row in made.grid.rows}
    assert marks == {"lfw": ("leak", "failed", "7"), "cfp-fp": ("no leak found", "", "0")}


def test_names_that_both_sides_have_are_counted_where_names_are_known(looked, lines):
    made, _ = looked({"names_known": True, "shared_names": ["Ada", "Bob"]})
    assert lines(made.grid)[0][7] == "2"


def test_pairs_that_were_not_searched_are_counted(looked, make):
    faces = make.component("bfm", identities=100)
    results = [make.result(faces), make.result(faces, bench="cfp"), make.result(None, "onnx")]
    made, _ = looked({}, results=results)
    assert made.verdict.endswith(
        "1 of 2 pairs of training set and benchmark were not searched; "
        "run harness leak STUDY -m MODEL."
    )
    none, _ = looked(results=results, folder="none")
    assert none.verdict.startswith("2 of 2 pairs")
    assert (none.grid, none.matches, none.leaked) == (None, [], False)


def test_a_study_without_training_sets_says_so(looked, make):
    made, _ = looked(results=[make.result(None, "onnx")])
    assert made.verdict == "No model of this study was trained on a face set of its own."


def test_the_most_alike_people_of_a_search(looked, lines):
    match = {"identity": "Ada", "image": "Ada/1.jpg", "training_identity": "7",
             "training_image": "7/0", "score": 0.31234, "above": True}  # fmt: skip
    made, _ = looked({"matches": [match | {"identity": f"P{k}"} for k in range(SHOWN + 1)]})
    (grid,) = made.matches
    assert grid.caption == "lfw in bfm: most similar"
    assert len(grid.rows) == SHOWN
    assert lines(grid)[0] == ["P0", "Ada/1.jpg", "7", "7/0", "0.3123", "yes"]
    assert grid.rows[0][4].sort == 0.31234


def test_a_search_without_matches_has_no_second_table(looked):
    made, _ = looked({"matches": []})
    assert made.matches == []


def test_a_record_that_cannot_be_read_is_listed(looked, make, study_of):
    _, study = looked({})
    (study.folders[0] / "leaks" / "0123456789ab-cfp.json").write_text("{")
    before = len(study.damaged)
    searches(study)
    assert len(study.damaged) == before + 1


def test_declared_data_of_components_stands_once(looked, make, lines):
    faces = make.component("bfm", identities=100).model_copy(
        update={"training_data": ["BFM scans", "FFHQ"]}
    )
    made, _ = looked({}, results=[make.result(faces), make.result(faces, bench="cfp")])
    assert lines(made.declared) == [["bfm", "BFM scans, FFHQ"]]
    plain, _ = looked(folder="plain")
    assert plain.declared is None
