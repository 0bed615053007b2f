"""Footnotes of published tables."""

from __future__ import annotations

import pytest

from harness.published.records import load
from harness.reporting.papers.against import gather
from harness.reporting.papers.paper_table import paper_table
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
    assert [row[6] for row in table.rows[:2]] == list(verdicts)
    assert [note for note in table.notes if note in notes] == notes
