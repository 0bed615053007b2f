from __future__ import annotations

import json

import pytest

from harness.errors import DataError
from harness.reporting.compare.intervals import interval_test
from harness.reporting.compare.methods import Method
from harness.reporting.compare.studies import compare
from harness.results.embedded import ELEMENT, extract, payload, script_json, write_study
from harness.results.study import Cell, load_study


def page(path, data):
    path.write_text(f'<script type="application/json" id="{ELEMENT}">{script_json(data)}</script>')
    return path


def test_components_that_results_share_stand_once(make, tmp_path):
    results = [make.result("bfm", value=v, bench=b) for v, b in ((0.8, "lfw"), (0.9, "cfp"))]
    data = payload(results)
    assert len(json.dumps(data)) < sum(len(r.to_json()) for r in results)
    assert [r["cell"]["generator"] for r in data["results"]] == [0, 0]
    assert extract(page(tmp_path / "a.html", data)) == results


def test_a_report_of_the_first_version_is_read(make, tmp_path):
    result = make.result()
    old = {"schema": "harness/report@1", "results": [json.loads(result.to_json())]}
    assert extract(page(tmp_path / "a.html", old)) == [result]


@pytest.mark.parametrize("damage", [{"schema": "harness/report@9"}, {"shared": []}, {"results": 3}])
def test_damaged_data_is_refused(make, tmp_path, damage):
    data = {**payload([make.result()]), **damage}
    with pytest.raises(DataError, match="report"):
        extract(page(tmp_path / "a.html", data))


def test_a_study_made_of_a_report_has_its_results(make, tmp_path):
    results = [make.result("bfm"), make.result("other")]
    write_study(results, tmp_path / "study")
    found = load_study(tmp_path / "study").results
    assert sorted(r.id for r in found) == sorted(r.id for r in results)


def test_two_reports_are_compared_by_their_intervals(make, tmp_path):
    a, b = (Cell(tmp_path, make.result(g, value=v, half=0.01), mailed=True)
            for g, v in (("a", 0.8), ("b", 0.9)))  # fmt: skip
    (row,) = compare([a], [b])
    assert (row.verdict, row.effect) == ("better", pytest.approx(0.1))
    assert "intervals compared" in row.note
    (row,) = compare([a], [a])
    assert row.verdict == "unchanged"


def test_the_interval_of_a_difference_and_its_p_value(make, tmp_path):
    """Two normal numbers with half widths h: the difference has h times the root of two."""
    from scipy.stats import norm

    a, b = make.result("a", value=0.80, half=0.01), make.result("b", value=0.81, half=0.01)
    found = interval_test(*(Method("", (Cell(tmp_path, one),)) for one in (a, b)), margin=0.005)
    assert found.high - found.effect == pytest.approx(0.01 * 2**0.5)
    error = 0.01 * 2**0.5 / norm.ppf(0.975)
    assert found.p_value == pytest.approx(2 * norm.sf(0.01 / error))
    assert found.p_not_worse == pytest.approx(norm.sf(0.015 / error))
    assert found.p_equal == pytest.approx(norm.cdf(0.005 / error))


def test_without_an_interval_nothing_is_tested(make, tmp_path):
    bare = make.result(metrics=[make.metric(0.9, None, headline=True)])
    sides = [Method("", (Cell(tmp_path, one),)) for one in (bare, make.result())]
    assert interval_test(*sides) is None
