"""Curves of a benchmark: what is drawn, with which bands."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from harness.reporting.sections import lines as section
from harness.results.study import load_study


@pytest.fixture
def drawn(make, study_of, monkeypatch):
    """Figures of results with a ROC curve, as (id, rows, what the rows are of, text)."""
    made = []

    def draw(identifier, title, text, spec, data_of=""):
        made.append(SimpleNamespace(id=identifier, title=title, rows=spec, of=data_of, text=text))
        return made[-1]

    monkeypatch.setattr(section, "draw", draw)
    for name in ("roc", "det", "cmc"):
        monkeypatch.setattr(f"harness.reporting.figures.lines.{name}", lambda rows: rows)

    def figures(count=1, **fields):
        folder = study_of().folder
        far = np.array([0.0, 0.1, 0.5, 1.0])
        tar = np.array([0.2, 0.6, 0.9, 1.0])
        for k in range(count):
            result = make.result(f"g{k}", curves={"roc": "curves/roc.arrow"}, **fields)
            make.write_cell(folder, result, (far, tar, 1 - far))
        study = load_study(folder, allow_empty=True)
        names = section.Names.of(study.results)
        return section.figures("b", "lfw", study.cells, study, names)

    return figures


def test_a_roc_curve_and_its_det_share_their_data(drawn):
    roc, det = drawn()
    assert (roc.id, det.id, det.of, roc.of) == ("b-roc", "b-det", "b-roc", "")
    assert roc.text.startswith("ROC of 1 result on lfw")
    assert {row["generator"] for row in roc.rows} == {"g0"}
    assert all(row["low"] <= row["tar"] <= row["high"] for row in roc.rows)
    assert not {"low", "high"} & set(det.rows[0])
    assert "Bands are 95 % intervals" in roc.text


@pytest.mark.parametrize(
    ("count", "banded"), [(section.MOST_BANDS, True), (section.MOST_BANDS + 1, False)]
)
def test_more_bands_than_can_be_read_are_not_drawn(drawn, count, banded):
    roc = drawn(count)[0]
    assert roc.text.startswith(f"ROC of {count} results")
    assert all(("low" in row) == banded for row in roc.rows)


@pytest.mark.parametrize("genuine", [0, None])
def test_pairs_that_were_not_counted_have_no_band(drawn, genuine):
    roc = drawn(genuine=genuine)[0]
    assert not any("low" in row for row in roc.rows)
    assert "Bands are drawn for up to" in roc.text


def test_without_curves_nothing_is_drawn(make, study_of):
    made = study_of(make.result())
    assert section.figures("b", "lfw", made.study.cells, made.study, made.names) == []
