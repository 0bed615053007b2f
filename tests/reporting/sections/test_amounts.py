"""Numbers over the amount of a face set, and what a pre-training gains at each."""

from __future__ import annotations

import zlib
from dataclasses import replace
from itertools import product
from statistics import fmean

import numpy as np
import pytest

from harness.metrics import auc
from harness.metrics.scores import sort_labelled_scores
from harness.metrics.uncertainty.two_level import spread_over_units, two_level_test
from harness.metrics.verification import kfold_accuracy
from harness.reporting import render
from harness.reporting.compare.influences import influences_of
from harness.reporting.compare.paired import paired_test
from harness.reporting.compare.scores import Stored
from harness.reporting.sections.amounts import common, over_amounts, sweeps
from harness.results.columns import write_columns
from harness.results.study import load_study

REAL, MADE = "r" * 64, "m" * 64
PAIRS = 600
AMOUNTS = (200, 400, 900)


def phase(key, name, images, **settings):
    part = {"name": name, "key": key, "images": images, "identities": 9}
    return {"trained_on": [part], "settings": settings, "steps": 5}


def scores(accuracy, seed):
    """Distances of pairs in four folds, about this share of which is right at 1.0."""
    rng = np.random.default_rng(seed)
    genuine = np.arange(PAIRS) % 2 == 0
    right = rng.random(PAIRS) < accuracy
    distance = np.where(genuine == right, 0.5, 1.5) + rng.uniform(-0.3, 0.3, PAIRS)
    return {"distance": distance, "genuine": genuine, "fold": np.arange(PAIRS) // 2 % 4}


def write(make, folder, label, phases, accuracy, repeat, bench="lfw", *, headline=True):
    columns = scores(accuracy, zlib.crc32(f"{label} {repeat}".encode()))
    found = kfold_accuracy(columns["distance"], columns["genuine"], columns["fold"], "exact")
    *earlier, last = phases
    facts = {**last, **({"earlier_phases": earlier} if earlier else {})}
    network = make.component("nn4", facts=facts).model_copy(
        update={"label": label, "key": f"{label} {repeat}"}
    )
    inputs = {"model": network.key} | {f"model.{n}": "k" for n in range(len(earlier))}
    metrics = [make.metric(found.mean, headline=True)]
    if not headline:
        metrics = [make.metric(None, None, headline=True), make.metric(accuracy, None, name="auc")]
    made = make.result(None, network, bench, repeat=repeat, metrics=metrics,
                       protocol={"id": f"{bench}/exact@1"},
                       raw={"scores": "scores.arrow"})  # fmt: skip
    made = made.model_copy(
        update={"provenance": made.provenance.model_copy(update={"inputs": inputs})}
    )
    write_columns(make.write_cell(folder, made) / "scores.arrow", columns)
    return found


@pytest.fixture(scope="module")
def study(make, tmp_path_factory):
    """Three arms at three amounts with three seeds, and what each called right."""
    folder, called = tmp_path_factory.mktemp("amounts") / "study", {}
    first = phase(MADE, "rendered", 30_000, lr=0.1)
    for repeat in range(3):
        for bench, headline in (("lfw", True), ("cfp-fp", False)):
            known = {"bench": bench, "headline": headline}
            last = phase(MADE, "rendered", 30_000, lr=0.1, whitening_floor=0.1) | {"steps": 0}
            write(make, folder, f"only {bench}", [first, last], 0.7, repeat, **known)
            for n, alone, after in zip(AMOUNTS, (0.6, 0.65, 0.7), (0.76, 0.78, 0.8), strict=True):
                last = phase(REAL, f"{n} real images", n - 1, lr=0.01)
                bare = phase(REAL, f"{n} real images", n - 1, lr=0.2)
                called[bench, n - 1, "alone", repeat] = write(
                    make, folder, f"{n} alone {bench}", [bare], alone, repeat, **known
                )
                called[bench, n - 1, "after", repeat] = write(
                    make, folder, f"{n} after {bench}", [first, last], after, repeat, **known
                )
    return load_study(folder), called


def cells(study, bench="lfw"):
    return [cell for cell in study[0].cells if cell.result.cell.benchmark.name == bench]


def test_arms_are_told_apart_by_what_they_saw(study):
    (sweep,) = sweeps(cells(study))
    assert sweep.name == "real images"
    assert sweep.amounts == [199, 399, 899]
    assert {series.name for series in sweep.series} == {
        "real images", "rendered, then real images"}  # fmt: skip
    assert [series.name for series in sweep.level] == ["rendered"]
    assert {len(seeds) for series in sweep.series for seeds in series.cells.values()} == {3}
    ((alone, after),) = sweep.pairs()
    assert (alone.name, after.name) == ("real images", "rendered, then real images")


def test_the_figure_has_both_curves_and_the_level_line(study):
    (figure,), _ = over_amounts("b", "lfw", cells(study))
    text = str(figure.spec)
    for name in ("real images", "rendered, then real images"):
        assert name in text
    rows = max(str(table).count("rendered") for table in figure.spec["datasets"].values())
    assert rows >= 6  # three of the pre-trained and three of the level line
    assert figure.svg.startswith("<svg")


def test_gains_by_hand(study):
    _, (grid,) = over_amounts("b", "lfw", cells(study))
    numbers = [any(row[place].sort is not None for row in grid.rows) for place in range(7)]
    assert [head.numeric for head in grid.heads] == numbers
    called = study[1]
    raw, shown = [], []
    for n, row in zip((199, 399, 899), grid.rows, strict=True):
        sides = [
            [called["lfw", n, arm, repeat] for repeat in range(3)] for arm in ("alone", "after")
        ]
        rows = [(one.correct - one.correct.mean()) / PAIRS for side in sides for one in side]
        genuine = np.arange(PAIRS) % 2 == 0
        for centred in rows:  # the shares of genuine and impostor pairs are fixed
            for kind in (genuine, ~genuine):
                centred[kind] -= centred[kind].mean()
        found = two_level_test(*([one.mean for one in side] for side in sides),
                               spread_over_units(rows))  # fmt: skip
        raw.append(found.p_value)
        shown.append(row[6].sort)
        assert row[0].text == str(n)
        effect = fmean(b.mean - a.mean for a, b in zip(*sides, strict=True))
        assert row[3].sort == pytest.approx(effect)
        low, high = (float(end) for end in row[4].text.strip("[]").split(","))
        arm = found.half_width()
        assert (low, high) == pytest.approx((100 * (effect - arm), 100 * (effect + arm)), abs=0.006)
        assert row[5].text == "3"
    ordered = np.argsort(raw)
    holm = np.minimum(np.maximum.accumulate(np.array(raw)[ordered] * [3, 2, 1]), 1)
    assert np.array(shown)[ordered] == pytest.approx(holm)


def test_an_area_has_an_interval_over_seeds_and_no_test(study):
    (figure,), (grid,) = over_amounts("b", "cfp-fp", cells(study, "cfp-fp"))
    assert "AUC" in figure.title
    # The made-up areas are equal in all seeds.
    assert [row[3].text for row in grid.rows] == ["+16.00", "+13.00", "+10.00"]
    assert [row[4].text for row in grid.rows] == [
        f"[{v}, {v}]" for v in ("16.00", "13.00", "10.00")]  # fmt: skip
    assert [row[6].text for row in grid.rows] == ["", "", ""]


def test_an_area_of_stored_scores_is_tested_over_people(make, tmp_path):
    """Three seeds, two amounts; of 80 people in one fold the second training loses fewer."""
    people = np.repeat(np.arange(80), 4)
    genuine = np.arange(320) % 2 == 0
    other = np.where(genuine, people, (people + 1) % 80)
    effects = {n: ([], []) for n in (100, 200)}
    for repeat, n in product(range(3), effects):
        areas = []
        for arm, noise in (("alone", 1.0), ("after", 0.7)):
            rng = np.random.default_rng([n, repeat, len(arm)])
            distance = np.where(genuine, 0.5, 1.5) + noise * rng.normal(size=320)
            areas.append(auc(sort_labelled_scores(-distance, genuine)))
            columns = {"distance": distance, "genuine": genuine, "fold": np.zeros(320, np.int32),
                       "first_subject": people, "second_subject": other}  # fmt: skip
            one = influences_of(Stored(areas[-1], {}, {"id": "cfp-ff/exact@1"}, columns))
            effects[n][arm == "after"].append(one)
            bare = phase(REAL, f"{n} real images", n, lr=0.2)
            phases = [bare] if arm == "alone" else [phase(MADE, "rendered", 30_000), bare]
            network = make.component("nn4", facts={**phases[-1], **(
                {"earlier_phases": phases[:-1]} if phases[:-1] else {})}).model_copy(
                update={"label": f"{n} {arm}", "key": f"{n} {arm} {repeat}"})  # fmt: skip
            made = make.result(
                None, network, "cfp-ff", repeat=repeat, raw={"scores": "scores.arrow"},
                metrics=[make.metric(areas[-1], None, name="auc", headline=True)],
                protocol={"id": "cfp-ff/exact@1"},
            )  # fmt: skip
            inputs = {"model": network.key} | {f"model.{k}": "k" for k in range(len(phases) - 1)}
            known = made.provenance.model_copy(update={"inputs": inputs})
            folder = make.write_cell(tmp_path, made.model_copy(update={"provenance": known}))
            write_columns(folder / "scores.arrow", columns)
    _, (grid,) = over_amounts("b", "cfp-ff", load_study(tmp_path).cells)
    raw = []
    for (alone, after), row in zip(effects.values(), grid.rows, strict=True):
        found = paired_test(alone, after)
        assert row[3].sort == pytest.approx(found.effect)
        low, high = (float(end) / 100 for end in row[4].text.strip("[]").split(","))
        assert (low, high) == pytest.approx((found.low, found.high), abs=6e-5)
        raw.append(found.p_value)
    holm = [min(1, 2 * min(raw)), max(max(raw), 2 * min(raw))]
    assert sorted(row[6].sort for row in grid.rows) == pytest.approx(holm)


def test_other_rules_are_another_figure_by_its_label(study):
    other = cells(study, "cfp-fp")
    use = other[0].result.cell.benchmark.model_copy(update={"label": "profiles"})
    named = [
        replace(cell, result=cell.result.model_copy(
            update={"cell": cell.result.cell.model_copy(update={"benchmark": use})}))
        for cell in other
    ]  # fmt: skip
    figures, _ = over_amounts("b", "both", [*named, *cells(study)])
    assert [figure.title.rpartition(" on ")[2] for figure in figures] == ["profiles", "both"]
    assert len({figure.id for figure in figures}) == 2


def test_nothing_is_drawn_where_nothing_was_swept(study):
    some = [
        cell for cell in cells(study) if cell.result.cell.model.label.startswith(("only", "200"))
    ]
    assert over_amounts("b", "lfw", some) == ([], [])
    assert over_amounts("b", "lfw", []) == ([], [])


def test_common_words():
    assert common(["200 real images", "400 real images"]) == "real images"
    assert common(["10K", "50K"]) == "10K"


def test_the_page_shows_it(study, tmp_path):
    page = render([study[0].folders[0]], tmp_path, {"html"})[0].read_text(encoding="utf-8")
    assert "rendered, then real images against real images alone, on lfw" in page
    assert "by number of images on lfw" in page
