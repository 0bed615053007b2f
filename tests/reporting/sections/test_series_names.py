"""Which results are one line of a figure."""

from __future__ import annotations

from harness.reporting.sections.series_names import SeriesNames
from harness.reporting.tables.matrix import Names
from harness.results.study import Cell


def series_of(*results):
    return SeriesNames.of(results, Names.of(results))


def test_names_say_what_differs_and_no_more(make):
    both = [make.result(g, m) for g in ("a", "b") for m in ("m", "n")]
    assert series_of(*both).order == ("a > m", "b > m", "a > n", "b > n")
    assert series_of(*(make.result("a", m) for m in ("m", "n"))).order == ("m", "n")
    assert series_of(*(make.result(g, "m") for g in ("a", "b"))).order == ("a", "b")
    mixed = series_of(make.result("a", "m"), make.result(None, "onnx"))
    assert mixed.order == ("a > m", "onnx")
    limited = series_of(make.result("a", "m"), make.result("a", "m", limited=10))
    assert limited.order == ("m", "m [limited 10]")


def test_seeds_are_one_series_and_of_one_seed_the_newer_result_counts(make, tmp_path):
    results = [make.result("a", "m", repeat=n) for n in range(3)]
    newer = make.result("a", "m", value=0.5, id="f" * 64, created="2027-01-01T00:00:00+00:00")
    found = series_of(*results, newer).grouped([Cell(tmp_path, r) for r in (newer, *results)])
    assert [len(cells) for cells in found.values()] == [3]
    ids = {cell.result.id for cell in next(iter(found.values()))}
    assert newer.id in ids
    assert results[0].id not in ids


def test_results_of_different_rules_are_different_series(make, tmp_path):
    one, other = make.result("a", "m"), make.result("a", "m", protocol={"flip": "mean"})
    found = series_of(one, other).grouped([Cell(tmp_path, r) for r in (one, other)])
    assert sorted(found) == ["m (a)", "m (b)"]
