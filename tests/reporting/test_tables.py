from __future__ import annotations

import csv
import io

from harness.components import NO_MEASUREMENT
from harness.reporting import summary_table, tables
from harness.reporting.matrix import build


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
    assert "limited" in tables.markdown(matrix)


def test_best_is_marked_only_when_it_is_significant(make):
    def ranks(gap):
        pair = [make.result(value=0.8), make.result(generator="other", value=0.8 + gap)]
        return [entry.rank for entry in build(pair).entries.values()]

    assert [bool(rank) for rank in ranks(0.10)] == [False, True]
    assert not any(ranks(0.001))


def test_an_unmeasurable_number_says_why(make):
    nothing = make.metric(None, None, name="tar@far", at={"far": 1e-6}, headline=True,
                          note="FAR 1e-6 needs 1,000,000 impostors")  # fmt: skip
    table = summary_table([make.result(metrics=[nothing])])
    assert "n/a [1]" in table
    assert "needs 1,000,000 impostors" in table


def test_numbers_of_made_up_output_say_so_in_every_table(make):
    said = f"{NO_MEASUREMENT}noise in the place of faces"
    results = [make.result(warnings=[said, "a mere warning"]), make.result(generator="other")]
    summary = summary_table(results)
    for table in (summary, tables.markdown(build(results)), tables.latex(build(results))):
        assert table.count(said) == 1
        assert table.count("[1]") == 2  # the one number, and the footnote
        assert "mere warning" not in table


def test_hostile_names_cannot_break_a_table(make):
    name = "evil | <b>x</b>\n| $\\input{x}$ & more"
    source = make.component("bfm").model_copy(update={"label": name})
    matrix = build([make.result(generator=source)])
    for row in lines_of(tables.markdown(matrix)):
        assert len(row) >= 5
    assert "\\input" not in tables.latex(matrix).replace("\\textbackslash", "")
    rows = list(csv.reader(io.StringIO(tables.comma_separated(matrix))))
    assert len({len(row) for row in rows if row}) == 1


def test_latex_is_booktabs(make):
    text = tables.latex(build([make.result()]))
    assert "\\toprule" in text
    assert "\\bottomrule" in text
    assert "90.00" in text
