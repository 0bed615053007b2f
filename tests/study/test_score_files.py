from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError, UsageError
from harness.study.score_files import FORMS, Listed, listed_of, read_scores, write_scores


def made(subjects=True):
    rng = np.random.default_rng(0)
    first, second = np.arange(8), np.arange(8, 16)
    who = rng.integers(0, 3, (2, 8))
    genuine = who[0] == who[1]
    score = rng.normal(size=8)
    score[2] = -np.inf
    fold = np.arange(8) % 2
    return Listed(score, genuine, first, second, fold, (who[0], who[1]) if subjects else None)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("subjects", [True, False])
def test_every_form_comes_back(tmp_path, form, subjects):
    listed = made(subjects)
    path = tmp_path / "s.txt"
    write_scores(path, listed, form)
    for told in (form, None):
        back = read_scores(path, told)
        assert (back.score == listed.score).all()
        assert (back.genuine == listed.genuine).all()
    assert (back.fold is None) == (form != "csv")
    if form == "csv":
        assert (back.fold == listed.fold).all()


def test_the_columns_are_those_of_bob(tmp_path):
    listed = made()
    write_scores(tmp_path / "4", listed, "four")
    claimed, real, probe, score = (tmp_path / "4").read_text().splitlines()[0].split(" ")
    assert (claimed == real) == listed.genuine[0]
    assert probe == "8"
    assert float(score) == listed.score[0]
    write_scores(tmp_path / "5", listed, "five")
    assert (tmp_path / "5").read_text().splitlines()[0].split(" ")[1] == "0"
    write_scores(tmp_path / "c", listed, "bob-csv")
    head = (tmp_path / "c").read_text().splitlines()[0].replace('"', "")
    assert head == "probe_template_id,probe_subject_id,bio_ref_template_id,bio_ref_subject_id,score"


def test_more_columns_of_bob_and_nan_are_read(tmp_path):
    (tmp_path / "s.csv").write_text(
        "bio_ref_subject_id,probe_subject_id,key,score,race\na,a,1,0.5,x\na,b,2,nan,y\n"
    )
    found = read_scores(tmp_path / "s.csv")
    assert found.genuine.tolist() == [True, False]
    assert found.score.tolist() == [0.5, -np.inf]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a b\n", "neither four or five"),
        ("a,b,c\n1,2,3\n", "neither four or five"),
        ("a a p 0.1\na a p\n", "#2"),
        ("a a p oops\n", "column score"),
        ("first,second,genuine,score\n1,2,perhaps,0.1\n", "line 2: genuine is 'perhaps'"),
        ("first,second,genuine,fold,score\n1,2,1,0.5,0.1\n", "not whole numbers"),
        ("\xff\x00", "s"),
    ],
)
def test_bad_files_are_named(tmp_path, text, message):
    path = tmp_path / "s"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=message):
        read_scores(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # Quotes stand in the table's name of a column, which the first line has without them.
        ('first,second,genuine,fold,score"\n1,2,1,1,0.5\n', r"s\.csv has no column score"),
        ('fi"rst,second,genuine,fold,score\n1,2,1,1,0.5\n', r"s\.csv has no column first"),
        ("first,second,genuine,fold,score\n1,2,1,9e30,0.5\n", "folds are not whole numbers"),
        ("first,second,genuine,fold,score\n1,2,1,nan,0.5\n", "folds are not whole numbers"),
    ],
)
def test_columns_that_cannot_be_used_are_named(tmp_path, text, message):
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_scores(tmp_path / "s.csv")


def test_an_absent_file():
    with pytest.raises(UsageError, match="does not exist"):
        read_scores(__import__("pathlib").Path("absent.csv"))


def test_searches_have_no_list():
    with pytest.raises(DataError, match="search"):
        listed_of({"mate:x": np.zeros(2)}, "x")


def test_a_centred_distance_is_that_of_the_own_fold():
    columns = {
        "first": np.arange(2), "second": np.arange(2), "genuine": np.array([True, False]),
        "fold": np.array([0, 1]), "distance_0": np.array([1.0, 2.0]),
        "distance_1": np.array([3.0, 4.0]),
    }  # fmt: skip
    assert listed_of(columns, "").score.tolist() == [-1.0, -4.0]
