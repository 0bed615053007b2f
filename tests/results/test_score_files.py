from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError, UsageError
from harness.results.score_files import FORMS, Listed, listed_of, read_scores, write_scores


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
        ("a a p 0.1\na a p\n", "line 2: expected 4 fields, got 3"),
        ("a a p oops\n", "line 1: score should be a number, not 'oops'"),
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
        ('first,second,genuine,fold,score"\n1,2,1,1,0.5\n', r"s\.csv, line 1: neither four or"),
        ('fi"rst,second,genuine,fold,score\n1,2,1,1,0.5\n', r"s\.csv, line 1: neither four or"),
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


ROWS = [("a", "b, c", 1, 1, "0.5"), ("d", "e", 0, 2, "nan")]
HEAD = "first,second,genuine,fold,score"


def table(separator=",", head=HEAD, yes="1", no="0", space="", end="\n"):
    """Two comparisons as a CSV file of some tool."""
    lines = [head.replace(",", separator + space)]
    for first, second, genuine, fold, score in ROWS:
        name = f'"{second}"' if separator == "," else second
        values = [first, name, yes if genuine else no, str(fold), score]
        lines.append((separator + space).join(values))
    return end.join(lines) + end


@pytest.mark.parametrize(
    "content",
    [
        table().encode(),
        table().encode("utf-8-sig"),
        table().encode("utf-16"),
        table(end="\r\n").encode(),
        table(end="\r").encode(),
        table(separator=";").encode(),
        table(separator="\t").encode(),
        table(space=" ").encode(),
        table(separator=";", space=" ", yes="TRUE", no="FALSE").encode("utf-16"),
        table(yes="TRUE", no="FALSE").encode(),
        table(yes="yes", no="no").encode(),
        table(yes="1.0", no="0.0").encode(),
        table(head=HEAD.upper()).encode(),
        b"\n  \n" + table().encode(),
        table().replace("\n", "\n\n").encode(),
    ],
    ids=["plain", "mark", "utf-16", "windows", "old-mac", "semicolons", "tabs", "spaces",
         "spaces-quotes", "upper-flags", "yes-no", "float-flags", "upper-header", "blank-first",
         "blank-between"],
)  # fmt: skip
def test_tables_as_tools_and_people_save_them(tmp_path, content):
    (tmp_path / "s.csv").write_bytes(content)
    found = read_scores(tmp_path / "s.csv")
    assert found.first.tolist() == ["a", "d"]
    assert found.second.tolist() == ["b, c", "e"]
    assert found.genuine.tolist() == [True, False]
    assert found.fold.tolist() == [0, 1]
    assert found.score.tolist() == [0.5, -np.inf]


@pytest.mark.parametrize("form", ["four", None])
@pytest.mark.parametrize(
    "text",
    ["p q img/Doe,_J/1.png 0.5\np p img/2.png 0.75\n", "p\tq\timg/Doe, J/1.png\t0.5\np\tp\tx\t0.75",
     "\n p  q img/1;a.png  0.5 \np\tp x 0.75\n"],
    ids=["commas", "tabs", "several-spaces"],
)  # fmt: skip
def test_forms_of_bob_hold_commas_in_paths(tmp_path, text, form):
    (tmp_path / "s").write_text(text)
    found = read_scores(tmp_path / "s", form)
    assert found.genuine.tolist() == [False, True]
    assert found.score.tolist() == [0.5, 0.75]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + ",score\n1,2,1,1,0.5,1\n", "line 1: the column score is there 2 times; remove"),
        ("\n" + HEAD + ",FIRST\n1,2,1,1,0.5,1\n", "line 2: the column first is there 2 times"),
        (HEAD.replace(",", ";") + "\na;b;1;1;0,5\n", "line 2: score .* write a decimal point"),
        (HEAD + "\na,b,1,1,0,5\n", "line 2: expected 5 fields, got 6 .* in double quotes"),
        (HEAD + "\na,b,maybe,1,0.5\n", "line 2: genuine is 'maybe'; write 1 or 0, true or false"),
        (HEAD + "\na,b,1,1,None\n", "line 2: score should be a number, not 'None'"),
        (HEAD + '\na,"b,1,1,0.5\n', "line 2: .* quotes do not match"),
        (HEAD + "\na,,1,1,0.5\n", "line 2: second is empty"),
        ("\n \n", "is empty"),
        ("PK\x03\x04xlsx", "is a ZIP archive, not text"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path, text, message):
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_scores(tmp_path / "s.csv")


def test_the_form_that_is_given_tells_the_columns(tmp_path):
    (tmp_path / "s").write_text("a b,c d e 0.5\n")
    with pytest.raises(DataError, match="line 1: expected 4 fields, got 5"):
        read_scores(tmp_path / "s", "four")
    assert read_scores(tmp_path / "s", "five").second.tolist() == ["e"]
