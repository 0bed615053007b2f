"""Tables in a real TeX, where there is one."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from harness.published.records import papers
from harness.reporting.compare.rows import judge_rows
from harness.reporting.papers.against import Evidence
from harness.reporting.papers.paper_pivot import paper_pivot
from harness.reporting.papers.paper_table import paper_table
from harness.reporting.tables.comparison import comparison
from harness.reporting.tables.escapes import LATEX_ESCAPES, TYPESET, latex_text
from harness.reporting.tables.matrix import build
from harness.reporting.tables.paper_grid import paper_grid
from harness.reporting.tables.writers import latex

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex"),
]
NASTY = (
    "Δ ± × ≥ ≤ – — é ü ß ł Ł ø ç ñ % & # _ { } ~ ^ \\ $x$"
    " <tag> | \"q\" 'q' ` µ µ α Ω 顔 🙂 İ ţ « » † ©"
)


def compiled(body: str, folder, *, package: str = "") -> str:
    """Compile a document of plain article and return the log of pdflatex."""
    text = f"\\documentclass{{article}}\n{package}\\begin{{document}}\n{body}\n\\end{{document}}\n"
    (folder / "paper.tex").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=folder, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    log = (folder / "paper.log").read_text(encoding="latin-1")
    assert done.returncode == 0, [line for line in log.splitlines() if line.startswith("!")]
    assert (folder / "paper.pdf").stat().st_size > 0
    assert "Missing character" not in log
    return log


def test_every_published_table_compiles_without_a_package(tmp_path):
    tables = [f"{paper}/{table}" for paper, about in papers().items() for table in about["tables"]]
    bodies = [
        latex(make(name, Evidence()), booktabs=False)
        for name in tables
        for make in (paper_pivot, paper_table)
    ]
    compiled("\n\\clearpage\n".join(bodies), tmp_path)


def test_a_study_with_names_of_all_kinds_compiles(make, tmp_path):
    results = [
        make.result(make.component("bfm").model_copy(update={"label": f"{NASTY} {k}"}),
                    value=0.8 + 0.05 * k, warnings=[NASTY])
        for k in range(3)
    ]  # fmt: skip
    matrix = build(results)
    judge_rows(matrix)
    bodies = [latex(comparison(matrix), booktabs=False),
              latex(paper_grid(matrix, marks="value"), booktabs=False)]  # fmt: skip
    compiled("\n\\clearpage\n".join(bodies), tmp_path)


def test_every_letter_that_is_not_replaced_can_be_set_by_plain_latex(tmp_path):
    letters = [*LATEX_ESCAPES, *sorted(TYPESET)]
    compiled("\n\n".join(map(latex_text, letters)), tmp_path)


@pytest.mark.skipif(
    shutil.which("kpsewhich") is None
    or subprocess.run(["kpsewhich", "booktabs.sty"], capture_output=True, check=False).returncode,
    reason="needs the LaTeX package booktabs",
)
def test_booktabs_compiles(make, tmp_path):
    body = latex(comparison(build([make.result()])))
    compiled(body, tmp_path, package="\\usepackage{booktabs}\n")
