"""Published beside measured: which results count, and what is said of them."""

from __future__ import annotations

import json

import pytest

from harness.published.records import load
from harness.reporting.papers.against import Evidence, differences, gather
from harness.reporting.papers.paper_table import names, paper_table
from harness.reporting.sections.published import against
from harness.reporting.tables import writers
from harness.results.study import load_study

LINK = "digi2real2024/4#20K/lfw"


def record(label="20K", benchmark="lfw"):
    (found,) = [r for r in load("digi2real2024/4") if (r.label, r.benchmark) == (label, benchmark)]
    return found


def entry(match="claimed", link=LINK):
    return {"ref": link, "metric": "accuracy", "at": {}, "value": 0.9858, "protocol_match": match}


def study_of(make, folder, *results):
    for made in results:
        make.write_cell(folder, made)
    return load_study(folder)


@pytest.mark.parametrize(
    ("value", "half", "verdict"),
    [
        (0.9858, 0.003, "within"),
        (0.9820, 0.003, "below"),
        (0.9900, 0.003, "above"),
        # 98.58 may have been 98.585 before rounding: the interval just reaches it.
        (0.98885, 0.003, "within"),
        (0.98886, 0.003, "above"),
    ],
)
def test_the_verdict_follows_from_the_interval(make, tmp_path, value, half, verdict):
    study = study_of(make, tmp_path, make.result(value=value, half=half, published=[entry()]))
    line = gather(study).line(record())
    assert line.verdict == verdict
    assert line.change == pytest.approx(value - 0.9858)
    assert line.reason == ""


def test_what_makes_a_number_incomparable(make, tmp_path):
    made = make.result(
        bench="synthpie", value=0.98, limited=8, genuine=80, impostor=80,
        published=[entry("differs: profile smoke, limited to 8")],
    )  # fmt: skip
    line = gather(study_of(make, tmp_path, made)).line(record())
    assert line.verdict == "not comparable"
    assert line.reason == (
        "protocol differs in profile smoke, limited to 8, benchmark synthpie, 160 of 6,000 pairs"
    )
    assert differences(make.result(), record(), LINK) == []


def test_a_result_without_the_metric_says_so_and_not_that_nothing_ran(make, tmp_path):
    link = "digi2real2024/4#20K/ijbb"
    made = make.result(bench="synthpie", genuine=80, impostor=80, published=[entry(link=link)])
    (wanted,) = [r for r in load("digi2real2024/4") if (r.label, r.benchmark) == ("20K", "ijbb")]
    evidence = gather(study_of(make, tmp_path, made), {link: "needs asset ijbb"})
    line = evidence.line(wanted)
    assert line.verdict == "not measurable"
    assert line.reason == "synthpie with 80 impostor pairs gives no tar@far=1e-4"


def test_without_an_interval_nothing_is_said(make, tmp_path):
    study = study_of(make, tmp_path, make.result(value=0.98, half=None, published=[entry()]))
    line = gather(study).line(record())
    assert (line.verdict, line.reason) == ("not comparable", "the measured number has no interval")


def test_a_comparable_result_stands_before_a_newer_limited_one(make, tmp_path):
    full = make.result(value=0.985, half=0.003, published=[entry()])
    limited = make.result(value=0.5, limited=4, repeat=1, published=[entry()])
    line = gather(study_of(make, tmp_path, full, limited)).line(record())
    assert line.estimate.value == 0.985
    assert len(line.used) == 1


def test_seeds_are_pooled(make, tmp_path):
    made = [make.result(value=v, half=0.003, repeat=r, published=[entry()])
            for r, v in enumerate((0.98, 0.984))]  # fmt: skip
    line = gather(study_of(make, tmp_path, *made)).line(record())
    assert line.estimate.value == pytest.approx(0.982)
    assert line.estimate.seeds == len(line.used) == 2


def test_a_plan_links_a_result_of_another_recipe(make, tmp_path):
    made = make.result(value=0.98, half=0.01)
    cell = {"key": made.id, "label": "x", "folder": "x", "inputs": {}, "published": [LINK]}
    plan = {"nodes": [], "cells": [cell]}
    (tmp_path / "plan-a.json").write_text(json.dumps(plan))
    assert gather(study_of(make, tmp_path, made)).line(record()).verdict == "within"


def test_a_failed_cell_says_so(make, tmp_path):
    plan = {"nodes": [], "cells": [
        {"key": "k" * 64, "label": "a > b > lfw", "folder": "x", "inputs": {}, "published": [LINK]}
    ]}  # fmt: skip
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    folder = tmp_path / "failures" / "kkk"
    folder.mkdir(parents=True)
    said = {"stage": "score", "key": "k" * 64, "label": "a > b > lfw", "error": "E",
            "message": "E: broke", "traceback": ""}  # fmt: skip
    (folder / "failed-1.json").write_text(json.dumps(said))
    line = gather(load_study(tmp_path), {LINK: "needs asset x"}).line(record())
    assert line.told == "not run: failed at score: E: broke"


def test_a_paper_that_is_gone_is_told(make, tmp_path):
    gone = entry(link="gone2020/1#x/lfw")
    evidence = gather(study_of(make, tmp_path, make.result(published=[gone])))
    assert evidence.unknown == ["gone2020/1#x/lfw"]
    assert not evidence.found


def test_all_twelve_tables_from_an_empty_study():
    wanted = [n for n in names(["all"]) if n.startswith(("digi2real2024/", "kortylewski2018/"))]
    assert len(wanted) == 12
    rows = 0
    for name in wanted:
        made = paper_table(name, Evidence())
        rows += len(made.rows)
        assert {record["verdict"] for record in made.records} == {"not run"}
        assert writers.markdown(made).startswith(f"### {name}: ")
        assert r"\toprule" in writers.latex(made)
    assert rows == 411


def test_a_table_prints_what_was_measured(make, tmp_path):
    made = make.result(value=0.98, half=0.003, published=[entry()])
    table = paper_table("digi2real2024/4", gather(study_of(make, tmp_path, made)))
    line = next(
        line
        for line in writers.markdown(table).splitlines()
        if "| 20K | lfw " in " ".join(line.split())
    )
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == [
        "20K",
        "lfw",
        "accuracy",
        "98.58",
        "98.00 % [97.70, 98.30]",
        "-0.58",
        "below",
        "1",
    ]
    csv = writers.comma_separated(table).splitlines()
    assert len(csv) == 57
    assert ",0.98,0.977,0.983," in next(
        row for row in csv if row.startswith("digi2real2024,4,20K,lfw")
    )


def test_the_report_shows_measured_rows_only(make, tmp_path):
    study = study_of(make, tmp_path, make.result(value=0.98, half=0.003, published=[entry()]))
    (one,) = against(study)
    assert one.counts == "56 published numbers: 55 not run, 1 below."
    (row,) = one.grid.rows
    assert [box.text for box in row[2:]] == [
        "20K",
        "lfw",
        "accuracy",
        "98.58",
        "98.00",
        "-0.58",
        "below",
        "1",
    ]
    assert one.grid.notes[1] == "55 published numbers have no result here."


def test_mean_and_spread_over_groups_are_compared_too(make, tmp_path):
    link = "digi2real2024/7#DCFace [13]/rfw/fairness"
    metrics = [
        make.metric(0.8537, 0.005, headline=True),
        make.metric(0.9, 0.005, at={"group": "asian"}),
        make.metric(0.05, 0.004, name="accuracy-std", at={"over": "groups", "ddof": 0.0}),
        make.metric(0.0331, 0.004, name="accuracy-std", at={"over": "groups", "ddof": 1.0}),
    ]
    entries = [entry(link=link)]
    made = make.result(bench="rfw", comparison="fairness", metrics=metrics, published=entries)
    evidence = gather(study_of(make, tmp_path, made))
    found = {r.metric: evidence.line(r) for r in evidence.found}
    assert found["mean_accuracy"].verdict == "within"
    assert found["std_accuracy"].verdict == "above"
    assert found["std_accuracy"].change == pytest.approx(0.05 - 0.0331)
