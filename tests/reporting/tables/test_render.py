from __future__ import annotations

import csv
import io

import pytest

from harness.components import NO_MEASUREMENT
from harness.reporting import summary_table
from harness.reporting.compare.rows import judge_rows
from harness.reporting.tables import escapes, footers, render, writers
from harness.reporting.tables.grid import Box, Grid, Head
from harness.reporting.tables.matrix import build


def lines_of(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")]
            for line in table.splitlines() if line.startswith("|")]  # fmt: skip


def test_a_run_prints_generator_model_bench_number_and_pairs(make):
    head, _, row = lines_of(summary_table([make.result(value=0.8610, half=0.03)]))
    assert head == ["Generator", "IDs", "Model", "Bench", "Metric", "Measured (95 % CI)",
                    "n pairs", "Seeds"]  # fmt: skip
    assert row == ["bfm", "100", "facenet-nn4", "lfw", "accuracy", "86.10 % [83.10, 89.10]",
                   "6,000", "1"]  # fmt: skip


def test_repeats_become_one_line(make):
    (_, _, row) = lines_of(summary_table([make.result(repeat=r) for r in range(3)]))
    assert row[-1] == "3"


def test_two_protocols_never_share_a_column(make):
    one, other = make.result(), make.result(model="onnx", protocol={"flip": "sum"})
    table = summary_table([one, other])
    assert "lfw (a)" in table
    assert "lfw (b)" in table
    assert "flip" in table
    assert len(build([one, other]).columns) == 2
    assert len(build([one, make.result(model="onnx")]).columns) == 1


def test_limited_runs_are_marked_and_never_ranked(make):
    full, limited = make.result(value=0.8), make.result(value=0.99, limited=10)
    matrix = build([full, limited])
    (column,) = matrix.columns
    assert [value.value for _, value in matrix.ranked(column)] == [0.8]
    assert "limited" in render.markdown(matrix)


def test_best_is_marked_only_when_it_is_significant(make):
    def ranks(gap):
        matrix = build([make.result(value=0.8), make.result(generator="other", value=0.8 + gap)])
        judge_rows(matrix)
        return [entry.rank for entry in matrix.entries.values()]

    assert [bool(rank) for rank in ranks(0.10)] == [False, True]
    assert not any(ranks(0.001))


def test_an_unmeasurable_number_says_why(make):
    nothing = make.metric(None, None, name="tar@far", at={"far": 1e-6}, headline=True,
                          note="FAR 1e-6 needs 1,000,000 impostors")  # fmt: skip
    table = summary_table([make.result(metrics=[nothing])])
    assert "n/a [1]" in table
    assert "needs 1,000,000 impostors" in table


def test_numbers_of_made_up_output_say_so_in_every_table(make):
    said = f"{NO_MEASUREMENT}noise instead of faces"
    results = [make.result(warnings=[said, "a mere warning"]), make.result(generator="other")]
    summary = summary_table(results)
    for table in (summary, render.markdown(build(results)), render.latex(build(results))):
        assert table.count(said) == 1
        assert table.count("[1]") == 2  # the one number, and the footnote
        assert table.count("a mere warning") == 1


def test_hostile_names_cannot_break_a_table(make):
    name = "evil | <b>x</b>\n| $\\input{x}$ & more"
    source = make.component("bfm").model_copy(update={"label": name})
    matrix = build([make.result(generator=source)])
    for row in lines_of(render.markdown(matrix)):
        assert len(row) >= 4
    assert "\\input" not in render.latex(matrix).replace("\\textbackslash", "")
    rows = list(csv.reader(io.StringIO(render.comma_separated(matrix))))
    assert len({len(row) for row in rows if row}) == 1


def test_latex_is_booktabs(make):
    text = render.latex(build([make.result()]))
    assert "\\toprule" in text
    assert "\\bottomrule" in text
    assert "90.00" in text


@pytest.mark.parametrize(
    "text",
    ["=HYPERLINK(1)", "+1+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1",
     "=1\n=2", "\x1b[31m"],
)  # fmt: skip
def test_no_name_is_a_formula_of_a_spreadsheet(make, text):
    source = make.component("bfm").model_copy(update={"label": text})
    matrix = build([make.result(generator=source, model=make.component("net"))])
    table = render.comma_separated(matrix)
    rows = list(csv.reader(io.StringIO(table)))
    assert all(not cell.lstrip().startswith(escapes.FORMULA) for row in rows for cell in row)
    assert "\x1b" not in table
    assert len(rows) == 2
    assert [float(cell) for cell in rows[1][-3:]] == [0.9, 0.89, 0.91]


def test_numbers_stay_numbers_in_csv():
    assert [escapes.csv_text(text) for text in ("-0.5", "+1e-4", "1", "-inf")] == [
        "-0.5", "+1e-4", "1", "-inf"
    ]  # fmt: skip
    head, box = Head("a", names=tuple("abcd")), Box("x", values=(-0.5, "-x", None, "-3"))
    table = Grid("c", "c", [head], [[box]])
    assert writers.comma_separated(table) == "a,b,c,d\n-0.5,'-x,,-3\n"


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("[x](javascript:alert(1))", "](j"),
        ("![](http://evil/pixel.png)", "](h"),
        ("[x][1]", "][1"),
        ("[1]: http://evil", "]:"),
        ("<img src=x onerror=y>", "<img"),
        ("`code` **bold**", "**bold"),
        ("\\](javascript:x)", "](j"),
        ("a | b", "a | b"),
        ("a\n\n# head", "\n# head"),
    ],
)
def test_markdown_in_names_is_inert(make, text, never):
    source = make.component("bfm").model_copy(update={"label": text})
    result = make.result(generator=source, warnings=[text])
    shown = render.markdown(build([result])) + summary_table([result])
    assert never not in shown


def test_a_warning_is_under_every_form_of_the_table_once_with_its_cells(make):
    said = "3 of 72 pairs compare an image with itself"
    results = [
        make.result(warnings=[said, "of | one"]),
        make.result(model="onnx", warnings=[said]),
        make.result(model="onnx", repeat=1, warnings=[said]),
        make.result(generator="other"),
    ]
    matrix = build(results)
    lines = footers.warning_lines(matrix)
    assert lines == [
        f"Warning (bfm > facenet-nn4 on lfw, bfm > onnx on lfw): {said}",
        "Warning (bfm > facenet-nn4 on lfw): of | one",
    ]
    for form in (render.plain, render.markdown, render.latex, summary_table):
        text = form(results if form is summary_table else matrix)
        assert text.count(said) == 1


def test_a_warning_of_many_cells_counts_them(make):
    results = [make.result(model=f"net{k}", warnings=["same"]) for k in range(5)]
    assert footers.warning_lines(build(results)) == ["Warning (5 cells): same"]


def test_what_makes_rows_unlike_is_a_column(make):
    size = {"input": {"width": 96, "height": 96}}
    results = [make.result(repeat=k) for k in range(2)]
    results += [
        make.result(None, "small", protocol=size),
        make.result(None, "large", protocol={"input": dict.fromkeys(size["input"], 112)}),
    ]
    results[:2] = [
        r.model_copy(update={"provenance": r.provenance.model_copy(
            update={"inputs": {"model": f"m{r.seed.repeat}"}})})
        for r in results[:2]
    ]  # fmt: skip
    head, _, *rows = lines_of(render.markdown(build(results)))
    at = {name: head.index(name) for name in ("Seeds", "Input", "Model", "Generator")}
    assert [[row[at[name]] for name in at] for row in rows] == [
        ["2", "", "facenet-nn4", "bfm"],
        ["", "112 x 112", "large", "pre-trained"],
        ["", "96 x 96", "small", "pre-trained"],
    ]
    (named,) = csv.DictReader(io.StringIO(render.comma_separated(build(results[:1]))))
    assert (named["seeds"], named["input"], named["limited"]) == ("1", "", "")


def test_columns_that_say_nothing_are_left_out(make):
    head, *_ = lines_of(render.markdown(build([make.result(None, "onnx")])))
    assert head == ["Generator", "Model", "lfw accuracy"]


def test_under_intervals_of_two_seeds_it_says_why_they_are_wide(make):
    results = [make.result(value=v, half=None, repeat=k) for k, v in enumerate((0.51, 0.5577))]
    for form in (render.markdown, render.latex, render.plain):
        text = form(build(results)).replace("$\\pm$", "±")
        assert "Student's t with 1 degree of freedom reaches 12.7 standard errors" in text
        assert "a third would narrow the widest, ±30.30 points" in text
        assert "to about ±8.38." in text
    assert "Student" not in render.markdown(build(results[:1]))


def test_an_interval_that_ends_at_a_hundred_percent_is_no_measure_of_what_a_seed_would_do(make):
    results = [make.result(value=v, half=None, repeat=k) for k, v in enumerate((0.2, 0.9))]
    text = render.markdown(build(results))
    assert "Student's t with 1 degree of freedom" in text
    assert "a third would narrow" not in text
