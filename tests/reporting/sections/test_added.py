"""Sections of plugins in the page."""

from __future__ import annotations

import pytest

from harness.components import ReportSection, ReportTable
from harness.reporting.page.page import environment
from harness.reporting.sections import added

TABLE = ReportTable("Cost", ("Model", "Seconds"), (("<b>net</b>", 2.5), ("other", None)))


def test_texts_are_escaped_and_numbers_sort_as_numbers():
    blocks = added.blocks([ReportSection("A & B", ("one <script>",), (TABLE,))])
    assert [head.numeric for head in blocks[0].grids[0].heads] == [False, True]
    assert blocks[0].grids[0].rows[0][1].sort == 2.5
    text = environment().get_template("added.jinja").render(added=blocks)
    assert "A &amp; B" in text
    assert "one &lt;script&gt;" in text
    assert "&lt;b&gt;net&lt;/b&gt;" in text


def test_two_tables_have_names_of_their_own():
    blocks = added.blocks(
        [ReportSection("A", (), (TABLE, TABLE)), ReportSection("B", (), (TABLE,))]
    )
    names = [grid.id for block in blocks for grid in block.grids]
    assert len(set(names)) == 3


def test_a_row_of_another_length_is_refused():
    table = ReportTable("Cost", ("Model", "Seconds"), (("net",),))
    with pytest.raises(ValueError, match="'Cost' has 2 heads and a row of 1 values"):
        ReportSection("A", (), (table,))
