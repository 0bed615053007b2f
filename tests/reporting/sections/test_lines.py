"""Curves of a benchmark: what is drawn, from where on, and with which bands."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from harness.reporting.figures.series import MOST_SERIES
from harness.reporting.sections import lines as section
from harness.reporting.sections.series_names import SeriesNames
from harness.reporting.tables.matrix import Names
from harness.results.study import load_study

FAR = np.array([0.0, 0.1, 0.5, 1.0])
TAR = np.array([0.2, 0.6, 0.9, 1.0])


@pytest.fixture
def drawn(make, study_of, monkeypatch):
    """Figures of results with a ROC curve, as (id, rows, what the rows are of, text)."""
    made = []

    def draw(identifier, title, text, spec, data_of=""):
        rows, series = spec
        found = SimpleNamespace(id=identifier, rows=rows, of=data_of, text=text, series=series)
        made.append(found)
        return found

    monkeypatch.setattr(section, "draw", draw)
    for name in ("roc", "det", "cmc"):
        monkeypatch.setattr(f"harness.reporting.figures.lines.{name}", lambda *found: found)

    def figures(count=1, seeds=1, tars=None, first=0, **fields):
        folder = study_of().folder
        for k in range(count):
            for seed in range(first, seeds):
                curves = {"roc": "curves/roc.arrow"}
                result = make.result(f"g{k}", curves=curves, repeat=seed, **fields)
                tar = TAR if tars is None else np.array(tars[seed])
                make.write_cell(folder, result, (FAR, tar, 1 - FAR))
        study = load_study(folder, allow_empty=True)
        series = SeriesNames.of(study.results, Names.of(study.results))
        return section.figures("b", "lfw", study.cells, study, series)

    return figures


def test_a_roc_curve_and_its_det_share_their_data(drawn):
    roc, det = drawn(2)
    assert (roc.id, det.id, det.of, roc.of) == ("b-roc", "b-det", "b-roc", "")
    assert roc.text.startswith("ROC of 2 series on lfw")
    assert {row["series"] for row in roc.rows} == {"g0", "g1"}
    assert all(row["low"] <= row["tar"] <= row["high"] for row in roc.rows)
    assert det.rows == roc.rows
    assert "Bands are 95 % intervals" in roc.text


@pytest.mark.parametrize("impostor", [10, 300, 5000])
def test_a_curve_begins_where_a_rate_can_be_measured(drawn, impostor):
    """One of n impostors; before the first measured rate the TAR is that of none accepted."""
    roc, det = drawn(impostor=impostor)
    assert roc.rows[0]["far"] == pytest.approx(1 / impostor, rel=1e-3)
    first = 0.6 if impostor == 10 else 0.2
    assert roc.rows[0]["tar"] == first
    words = f"one false accept among {impostor:,} impostor comparisons"
    assert words in roc.text
    assert words in det.text


def test_without_a_count_a_curve_begins_at_its_first_rate(drawn):
    roc, _ = drawn(impostor=None)
    assert roc.rows[0]["far"] == 0.1
    assert "the smallest rate that was measured" in roc.text


def test_seeds_are_one_line_of_means_with_a_band(drawn):
    """The mean, the lowest and the highest of three step functions, by hand."""
    tars = [[0.2, 0.6, 0.9, 1.0], [0.1, 0.3, 0.9, 1.0], [0.3, 0.9, 0.9, 1.0]]
    roc, _ = drawn(2, seeds=3, tars=tars)
    assert {row["series"] for row in roc.rows} == {"g0", "g1"}
    mine = [row for row in roc.rows if row["series"] == "g0"]
    at = {row["far"]: (row["low"], row["tar"], row["high"]) for row in mine}
    assert [pytest.approx(v) for v in (0.1, 0.2, 0.3)] == list(next(iter(at.values())))
    middle = next(v for far, v in at.items() if 0.1 <= far < 0.5)
    assert middle == pytest.approx((0.3, 0.6, 0.9))
    assert "bands reach from the lowest to the highest seed (up to 3)" in roc.text


def test_bands_of_seeds_and_of_pairs_are_never_in_one_figure(drawn):
    drawn(2)
    roc, _ = drawn(1, seeds=2, first=1)  # of the second generator there is one seed
    lone = [row for row in roc.rows if row["series"] == "g1"]
    assert lone
    assert all(row["low"] is None and row["high"] is None for row in lone)
    assert "series of one seed have none" in roc.text


@pytest.mark.parametrize(("count", "banded"), [(MOST_SERIES, True), (MOST_SERIES + 1, False)])
def test_more_bands_than_can_be_read_are_not_drawn(drawn, count, banded):
    roc = drawn(count)[0]
    assert roc.text.startswith(f"ROC of {count} series")
    assert all(("low" in row) == banded for row in roc.rows)
    assert len(roc.series.drawn) == MOST_SERIES
    assert ("8 of 9 series are drawn" in roc.text) != banded


@pytest.mark.parametrize("genuine", [0, None])
def test_pairs_that_were_not_counted_have_no_band(drawn, genuine):
    roc = drawn(genuine=genuine)[0]
    assert not any("low" in row for row in roc.rows)
    assert "Bands are drawn for up to" in roc.text


def test_without_curves_nothing_is_drawn(make, study_of):
    made = study_of(make.result())
    series = SeriesNames.of(made.study.results, made.names)
    assert section.figures("b", "lfw", made.study.cells, made.study, series) == []
