"""Papers that come with the harness and those of plugins."""

from __future__ import annotations

import pytest

from harness._plugins.discovery import load as load_registry
from harness.errors import DataError
from harness.published import records
from harness.published.records import PublishedNumber, load, papers, read_csv

LISTING = """
[mine2026]
title = "Mine"
source = "my shelf"
[mine2026.tables]
A = "one number"
"""
NUMBERS = "table,row,label,benchmark,metric,value,unit\nA,0,net,lfw,accuracy,99.10,percent\n"
PLUGIN = """
from pathlib import Path
from harness.plugin import hookimpl

@hookimpl
def harness_published():
    return [Path(__file__).with_name("listing.toml")]
"""


def plugin(folder, listing=LISTING, numbers=NUMBERS):
    (folder / "papers").mkdir()
    file = folder / "papers" / f"{folder.name}.py"  # a name of its own: modules load once
    file.write_text(PLUGIN)
    (folder / "papers" / "listing.toml").write_text(listing)
    (folder / "papers" / "mine2026.csv").write_text(numbers)
    return file


@pytest.fixture(autouse=True)
def _forget():
    yield
    records.add(())


@pytest.mark.parametrize(
    ("reference", "label", "benchmark", "text"),
    [
        ("adaface2022/hq5", "IR50 CASIA-WebFace", "lfw", "0.9942"),
        ("adaface2022/hq5", "IR50 CASIA-WebFace", "calfw", "0.9323"),
        ("adaface2022/hq5", "IR50 MS1MV2", "agedb-30", "0.9785"),
        ("adaface2022/ijb", "IR50 MS1MV2", "ijbc", "96.27"),
        ("cvlface2024/board", "IR50 AdaFace CASIA", "ijbb", "46.04"),
        ("cvlface2024/board", "IR50 AdaFace CASIA", "cfp-fp", "97.04"),
        ("admis2024/readme", "CASIA_WebFace", "cplfw", "90.23"),
        ("admis2024/readme", "DCFace 10K", "calfw", "91.38"),
        ("admis2024/readme", "IDiff-Face 10K", "agedb-30", "78.40"),
    ],
)
def test_anchor_rows(reference, label, benchmark, text):
    (found,) = [r for r in load(reference) if (r.label, r.benchmark) == (label, benchmark)]
    assert found.text == text


def test_every_paper_says_where_its_numbers_come_from():
    for name, about in papers().items():
        assert about["title"], name
        assert "arXiv" in about["source"] or "github.com" in about["source"]


def test_printed_digits_are_kept():
    def printed(text, unit):
        return PublishedNumber("p", "1", 0, "x", "lfw", "accuracy", text, unit).printed

    assert printed("0.801", "fraction") == "80.1"
    assert printed("0.9942", "fraction") == "99.42"
    assert printed("78.40", "percent") == "78.40"
    assert printed("1", "fraction") == "100"


def test_a_plugin_adds_a_paper(tmp_path):
    load_registry(plugins_dirs=[plugin(tmp_path)])
    (record,) = load("mine2026/A")
    assert (record.label, record.printed) == ("net", "99.10")
    assert "digi2real2024" in papers()
    load_registry()
    assert "mine2026" not in papers()


@pytest.mark.parametrize(
    ("listing", "numbers", "reason"),
    [
        (LISTING.replace("mine2026", "digi2real2024"), NUMBERS, "digi2real2024.csv"),
        (LISTING.replace("[mine2026.tables]", "[mine2026.other]"), NUMBERS, "lacks tables"),
        (LISTING.replace("A =", "B ="), NUMBERS, "lacks 'A'"),
        (LISTING, NUMBERS.replace("99.10", "high"), "mine2026.csv, line 2"),
        ("[", NUMBERS, "listing.toml"),
    ],
)
def test_a_plugin_with_a_damaged_paper_is_named_and_left_out(tmp_path, listing, numbers, reason):
    registry = load_registry(plugins_dirs=[plugin(tmp_path, listing, numbers)])
    (row,) = [row for row in registry.plugins if row.name == tmp_path.name]
    assert reason in row.reason
    assert "mine2026" not in papers()


def test_a_name_that_is_taken_is_refused(tmp_path):
    file = plugin(tmp_path, LISTING.replace("mine2026", "admis2024"))
    (tmp_path / "papers" / "admis2024.csv").write_text(NUMBERS)
    registry = load_registry(plugins_dirs=[file])
    (row,) = [row for row in registry.plugins if row.name == tmp_path.name]
    assert "already a paper 'admis2024'" in row.reason
    assert papers()["admis2024"]["title"] != "Mine"


def test_a_listing_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"absent\.toml"):
        records.read_papers(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    "save",
    [
        lambda text: text.encode("utf-16"),
        lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
        lambda text: text.replace(",", ";").encode(),
        lambda text: ("\n" + text.replace(",", ", ")).encode(),
    ],
    ids=["utf-16", "windows", "semicolons", "blank-line-and-spaces"],
)
def test_a_table_of_a_user_however_it_is_saved(tmp_path, save):
    (tmp_path / "t.csv").write_bytes(save(NUMBERS))
    (record,) = read_csv(tmp_path / "t.csv", "p")
    assert (record.label, record.text) == ("net", "99.10")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (NUMBERS.replace("unit", "value"), "line 1: lacks the columns unit"),
        (NUMBERS.replace("unit", "unit,value"), "line 1: the column value is there 2 times"),
        (NUMBERS.replace(",", ";").replace("99.10", "99,10"), "line 2: .* write a decimal point"),
        (NUMBERS + 'A,1,"net\n', r"line \d: unexpected end of data"),
        (NUMBERS + "A,1\n", "line 3: row or value is not a number"),
        (NUMBERS.replace("99.10", "99." + "1" * 40), "line 2: row or value is not a number"),
        (NUMBERS.replace("99.10", "nan"), "line 2: row or value is not a number"),
        (NUMBERS.replace("99.10", "-inf"), "line 2: row or value is not a number"),
        (NUMBERS.replace("99.10", "1e999999"), "line 2: row or value is not a number"),
        ("", "line 1: lacks the columns table"),
    ],
)
def test_a_wrong_table_names_its_line(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=rf"t\.csv, {message}"):
        read_csv(tmp_path / "t.csv", "p")
