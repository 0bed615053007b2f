from __future__ import annotations

import random
from decimal import Decimal

import pytest

from harness.errors import DataError, UsageError
from harness.published.audit import audit, derived_columns, granularity, possible, repeated_rows
from harness.published.records import PublishedNumber, load, papers, read_csv

HEAD = "table,row,label,benchmark,metric,value,unit\n"


def record(text, benchmark="lfw", metric="accuracy", row=0, label="x", unit="percent"):
    return PublishedNumber("p", "1", row, label, benchmark, metric, text, unit)


def test_every_printed_number_is_there():
    assert len(load("kortylewski2018")) == 51
    assert len(load("digi2real2024")) == 360
    assert len(load("digi2real2024/6")) == 77
    assert {t for p in papers().values() for t in p["tables"]} == {
        r.table for p in papers() for r in load(p)
    }


def test_the_five_pair_benchmarks_of_digi2real_are_complete_lists():
    five = {"lfw", "calfw", "cplfw", "agedb-30", "cfp-fp"}
    chosen = [r for r in load("digi2real2024") if r.benchmark in five]
    assert len({(r.benchmark, r.text) for r in chosen}) >= 170
    (finding,) = granularity(chosen)
    assert finding.level == "fact"


def test_the_rfw_table_follows_with_ddof_0():
    (finding,) = derived_columns(load("digi2real2024/7"))
    assert finding.level == "fact"
    assert "of 11 rows" in finding.text
    assert "mean in 11" in finding.text
    assert "ddof 0 in 11" in finding.text


def test_the_row_of_ten_images_equals_the_row_of_alpha_one():
    found = repeated_rows(load("digi2real2024/1") + load("digi2real2024/2"))
    assert [f.text for f in found] == ["table 1 row '10' equals table 2 row '1' in all 7 numbers"]


def test_the_first_paper_has_no_impossible_number():
    assert not [f for f in audit(load("kortylewski2018")) if f.level == "problem"]


def test_granularity_against_brute_force():
    reachable = {f"{100 * k / 6000:.2f}" for k in range(6001)}
    generator = random.Random(0)
    for _ in range(500):
        text = f"{generator.randrange(10_000) / 100:.2f}"
        if text in reachable:
            assert possible(record(text), 6000)
    assert not possible(record("97.41"), 6000)
    assert possible(record("97.42"), 6000)


def test_a_slip_of_the_keyboard_is_found():
    (finding,) = granularity([record("97.41"), record("97.42")])
    assert finding.level == "problem"
    assert "97.41 is not a k/6000" in finding.text


def test_a_wrong_standard_deviation_is_found():
    groups = [record(t, f"rfw/{i}") for i, t in enumerate(("90.00", "92.00", "94.00", "96.00"))]
    right = record("2.24", "rfw", "std_accuracy", unit="percentage points")
    wrong = record("2.75", "rfw", "std_accuracy", unit="percentage points")
    assert derived_columns([*groups, right])[0].level == "fact"
    assert derived_columns([*groups, wrong])[0].level == "problem"


def test_a_tar_that_falls_is_impossible():
    low = record("80.00", "ijbc", "tar@far=1e-4")
    high = record("79.00", "ijbc", "tar@far=1e-3")
    (finding,) = [f for f in audit([low, high]) if f.level == "problem"]
    assert "at a smaller FAR" in finding.text


def test_fractions_and_percentages_are_one():
    assert record("0.889", unit="fraction").percent == Decimal("88.9")
    assert record("0.889", unit="fraction").decimals == 1


def test_a_users_file(tmp_path, harness_command):
    (tmp_path / "t.csv").write_text(HEAD + "1,0,mine,lfw,accuracy,97.41,percent\n")
    assert len(read_csv(tmp_path / "t.csv", "t")) == 1
    done = harness_command("audit", "t.csv", "--strict", check=4, toys=False)
    assert "97.41 is not a k/6000" in done.stdout
    harness_command("audit", "digi2real2024", "--strict", toys=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a,b\n1,2\n", "line 1: lacks the columns"), (HEAD + "1,0,x,lfw,accuracy,many,percent\n",
                                                  "line 2: row or value"), (HEAD, "no records")],
)  # fmt: skip
def test_damaged_files_are_named(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_csv(tmp_path / "t.csv", "t")


def test_unknown_papers_and_tables_list_the_known():
    with pytest.raises(UsageError, match=r"known: .*digi2real2024, kortylewski2018"):
        load("digi2real")
    with pytest.raises(UsageError, match="has no table '9'"):
        load("digi2real2024/9")
