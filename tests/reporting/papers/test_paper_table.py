"""Footnotes of published tables."""

from __future__ import annotations

import pytest

from harness.published.records import load
from harness.reporting.papers.against import Evidence, gather
from harness.reporting.papers.paper_pivot import paper_pivot
from harness.reporting.papers.paper_table import names, paper_table
from harness.results.study import load_study

NAME = "digi2real2024/6"


def waiting(*reasons):
    """The table where nothing is measured and its first numbers wait for these reasons."""
    links = [f"{NAME}#{record.label}/{record.benchmark}" for record in load(NAME)]
    absent = dict(zip(links, reasons, strict=False))
    return paper_table(NAME, gather(load_study(allow_empty=True), absent))


@pytest.mark.parametrize(
    ("reasons", "verdicts", "notes"),
    [
        (("needs asset b, a", "needs asset a"), ("not run [1, 2]", "not run [2]"),
         ["[1] needs asset b", "[2] needs asset a"]),
        (("needs asset a", "needs asset c, b, a"), ("not run [1]", "not run [1, 2, 3]"),
         ["[1] needs asset a", "[2] needs asset c", "[3] needs asset b"]),
        (("failed, badly", "failed, badly"), ("not run [1]", "not run [1]"),
         ["[1] failed, badly"]),
    ],
)  # fmt: skip
def test_numbers_that_wait_for_the_same_asset_share_its_footnote(reasons, verdicts, notes):
    table = waiting(*reasons)
    assert [row[8].shown for row in table.rows[:2]] == list(verdicts)
    assert [note for note in table.notes if note in notes] == notes


def test_a_pivot_has_a_row_per_method_and_each_reason_once():
    links = [f"{NAME}#{record.label}/{record.benchmark}" for record in load(NAME)]
    absent = dict.fromkeys(links, "needs asset a, b")
    table = paper_pivot(NAME, gather(load_study(allow_empty=True), absent))
    labels = [record.label for record in load(NAME)]
    assert [row[0].text for row in table.rows] == list(dict.fromkeys(labels))
    assert [head.text for head in table.heads[1:]] == list(
        dict.fromkeys(record.benchmark for record in load(NAME))
    )
    assert "Not measured: needs asset a (77 numbers); needs asset b (77 numbers)." in table.notes
    printed = {(r.label, r.benchmark): r.printed for r in load(NAME)}
    for row in table.rows:
        for head, box in zip(table.heads[1:], row[1:], strict=True):
            assert box.text == printed[row[0].text, head.text]


def test_a_pivot_marks_the_two_best_by_their_digits():
    table = paper_pivot(NAME, Evidence())
    for place in range(1, len(table.heads)):
        column = sorted((row[place] for row in table.rows), key=lambda box: -float(box.text))
        assert [box.mark for box in column] == ["best", "second", *[""] * (len(column) - 2)]
    assert any("no difference was tested" in note for note in table.notes)


def test_a_spread_over_groups_is_better_lower():
    table = paper_pivot("digi2real2024/7", Evidence())
    for place, head in enumerate(table.heads):
        if "std accuracy" in head.plain:
            values = {float(row[place].text): row[place].mark for row in table.rows}
            assert values[min(values)] == "best"
            break
    else:
        pytest.fail("the table has no spread")


def test_measured_numbers_are_below_the_published_ones(make, tmp_path):
    entry = {"ref": "digi2real2024/4#20K/lfw", "metric": "accuracy", "at": {}, "value": 0.9858,
             "protocol_match": "claimed"}  # fmt: skip
    make.write_cell(tmp_path, make.result(value=0.98, half=0.003, published=[entry]))
    table = paper_pivot("digi2real2024/4", gather(load_study(tmp_path)))
    (row,) = [row for row in table.rows if row[1].text == "measured here"]
    assert (row[0].text, row[2].text) == ("20K", "98.00")
    foot = row[2].foot
    assert f"[{foot}] The interval of the measured number is below the published one." in (
        table.notes
    )


@pytest.mark.parametrize("name", names(["all"]))
def test_every_published_table_can_be_pivoted(name):
    records = load(name)
    table = paper_pivot(name, Evidence())
    printed = [box.text for row in table.rows for box in row[1:] if box.text != "–"]
    assert sorted(printed) == sorted(record.printed for record in records)
