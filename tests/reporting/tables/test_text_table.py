"""One table in three forms; what is in its cells stays text."""

from __future__ import annotations

import csv
import io

import pytest

from harness.reporting.papers.paper_table import HEADS
from harness.reporting.tables.escapes import latex_text
from harness.reporting.tables.text_table import TextTable

HOSTILE = "a|b <i>&\n100% $x_1$"


def made():
    table = TextTable("Caption\nof two lines", ["Name", "Value"], frozenset({"Value"}))
    table.rows = [[HOSTILE, "1"], ["plain", "12"]]
    table.records = [{"name": HOSTILE, "value": 1.25}, {"name": "plain", "value": None}]
    table.notes = ["a note with | in it"]
    return table


def test_markdown_keeps_its_columns():
    lines = made().render("md").splitlines()
    assert lines[0] == "### Caption of two lines"
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 4
    assert all(row.replace("\\|", "").count("|") == 3 for row in rows)
    assert "&lt;i>&amp;" in rows[2]
    assert rows[1].split("|")[2].endswith(":")
    assert lines[-1] == "- a note with \\| in it"


def test_latex_is_booktabs_and_escaped():
    text = made().render("tex")
    assert r"\begin{tabular}{lr}" in text
    assert r"a\textbar{}b \textless{}i\textgreater{}\& 100\% \$x\_1\$ & 1 \\" in text
    assert text.count(r"\midrule") == 1
    assert r"\par\footnotesize a note with \textbar{} in it" in text


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("Δ", r"$\Delta$"),
        ("λ = 0.5 ± 0.1", r"$\lambda$ = 0.5 $\pm$ 0.1"),
        ("Λ ≥ ω", r"$\Lambda$ $\geq$ $\omega$"),
        ("μ and µ", r"$\mu$ and $\mu$"),
        ("3 × 4 → −1", r"3 $\times$ 4 $\rightarrow$ $-$1"),
        ("Geissbühler", "Geissbühler"),
    ],
)
def test_symbols_that_fonts_for_text_lack_are_commands(text, tex):
    assert latex_text(text) == tex


def test_the_heads_of_paper_tables_are_ascii_in_latex():
    assert all(latex_text(head).isascii() for head in HEADS)


def test_csv_is_in_full_precision():
    rows = list(csv.DictReader(io.StringIO(made().render("csv"))))
    assert rows[0] == {"name": HOSTILE.replace("\n", "\\n"), "value": "1.25"}
    assert rows[1]["value"] == ""
