"""One table in all its forms; what is in its cells stays text."""

from __future__ import annotations

import csv
import io
import json

import pytest

from harness.reporting.papers.paper_table import HEADS
from harness.reporting.tables import row_columns, writers
from harness.reporting.tables.comparison import comparison
from harness.reporting.tables.escapes import latex_text
from harness.reporting.tables.grid import Box, Grid, Head
from harness.reporting.tables.matrix import build
from harness.reporting.tables.summary import summary_grid
from harness.reporting.tables.table_column import TableColumn, table_of

HOSTILE = "a|b <i>&\n100% $x_1$"


def made():
    columns = [
        TableColumn("Name", "name", lambda item: item[0]),
        TableColumn("Value", "value", lambda item: item[1], numeric=True),
        TableColumn("", "more", lambda item: "m"),
    ]
    table = table_of("t", "Caption\nof two lines", columns, [(HOSTILE, 1.25), ("plain", None)])
    table.notes = ["a note with | in it"]
    return table


def marked():
    rows = [[Box("x", mark="best")], [Box("y", mark="second")], [Box("z", mark="altered")]]
    return Grid("g", "Marked", [Head("Head")], rows)


def test_markdown_keeps_its_columns():
    lines = writers.write(made(), "md").splitlines()
    assert lines[0] == "### Caption of two lines"
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 4
    assert all(row.replace("\\|", "").count("|") == 3 for row in rows)
    assert "&lt;i>&amp;" in rows[2]
    assert rows[1].split("|")[2].endswith(":")
    assert lines[-1] == "- a note with \\| in it"


def test_latex_is_booktabs_and_escaped():
    text = writers.write(made(), "tex")
    assert r"\begin{tabular}{lr}" in text
    assert r"a\textbar{}b \textless{}i\textgreater{}\& 100\% \$x\_1\$ & 1.25 \\" in text
    assert text.count(r"\midrule") == 1
    assert r"\par{\footnotesize a note with \textbar{} in it\par}" in text


def test_latex_without_booktabs_needs_no_package():
    text = writers.latex(made(), booktabs=False)
    assert "booktabs" not in text
    assert "rule" not in text
    assert text.count(r"\hline") == 3


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("md", ["**x**", "*y*", "altered z"]),
        ("tex", [r"\textbf{x}", r"\underline{y}", "altered z"]),
        ("text", ["x *", "y +", "altered z"]),
        ("html", ["<b>x</b>", "<u>y</u>", "altered z"]),
    ],
)
def test_best_and_second_are_marked_in_each_form(form, expected):
    text = writers.write(marked(), form)
    assert all(text.count(part) == 1 for part in expected)


def test_html_escapes_every_text():
    table = made()
    table.caption = table.notes[0] = "<script>"
    text = writers.html(table)
    assert "<i>" not in text
    assert "<script>" not in text
    assert text.count("<tr>") == 3


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("Δ", r"$\Delta$"),
        ("λ = 0.5 ± 0.1", r"$\lambda$ = 0.5 $\pm$ 0.1"),
        ("Λ ≥ ω", r"$\Lambda$ $\geq$ $\omega$"),
        ("μ and µ", r"$\mu$ and $\mu$"),
        ("3 × 4 → −1", r"3 $\times$ 4 $\rightarrow$ $-$1"),
        ("1–2 — x", "1--2 --- x"),
        ("Geissbühler", "Geissbühler"),
    ],
)
def test_symbols_that_fonts_for_text_lack_are_commands(text, tex):
    assert latex_text(text) == tex


def test_the_heads_of_paper_tables_are_ascii_in_latex():
    assert all(latex_text(head.plain).isascii() for head in HEADS)


def test_csv_and_json_are_in_full_precision():
    rows = list(csv.DictReader(io.StringIO(writers.write(made(), "csv"))))
    assert rows[0] == {"name": HOSTILE.replace("\n", "\\n"), "value": "1.25", "more": "m"}
    assert rows[1]["value"] == ""
    lines = [json.loads(line) for line in writers.write(made(), "json").splitlines()]
    assert lines[0] == {"name": HOSTILE, "value": 1.25, "more": "m"}
    assert lines[1] == {"name": "plain", "value": None, "more": "m"}


def test_the_lines_that_the_page_copies_are_those_of_the_writers():
    grid = made()
    whole = {
        "markdown": writers.markdown(grid, heading=False),
        "latex": writers.latex(grid),
        "csv": writers.comma_separated(grid),
    }
    for form, lines in writers.copies(grid).items():
        assert len(lines["rows"]) == len(grid.rows)
        text = "\n".join([*lines["before"], *lines["rows"], *lines["after"]])
        assert text.rstrip() + "\n" == whole[form]


def test_a_column_of_the_report_is_one_edit(make, monkeypatch):
    """One more entry in the list of columns, and every form of the comparison has it."""
    before = row_columns.row_columns
    added = TableColumn("Letters", "letters", lambda row: len(row.model), numeric=True)
    matrix = build([make.result(model="onnx"), make.result(model="facenet")])
    for module in (row_columns, comparison.__globals__):
        patch = lambda m: [*before(m), added]  # noqa: E731
        if isinstance(module, dict):
            monkeypatch.setitem(module, "row_columns", patch)
        else:
            monkeypatch.setattr(module, "row_columns", patch)
    grid = comparison(matrix)
    for form in ("md", "tex", "text", "html"):
        assert "Letters" in writers.write(grid, form)
        assert "Letters" in writers.write(summary_grid(matrix), form)
    for form in ("csv", "json"):
        assert "letters" in writers.write(grid, form)
    assert "Letters" in [head.text for head in grid.shown_heads]  # what the page shows
    assert "Letters" in writers.copies(grid)["latex"]["before"][4]  # and copies
