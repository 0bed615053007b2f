"""Links from cells to published numbers, and which metric of a result is meant by one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.plan import published_refs
from harness.protocols.base import Metric
from harness.published import records


def printed(metric):
    return SimpleNamespace(metric=metric)


@pytest.mark.parametrize(
    ("column", "measure"),
    [("accuracy", ("accuracy", {})), ("tar@far=1e-4", ("tar@far", {"far": 1e-4})),
     ("mean_accuracy", ("accuracy", {})),
     ("std_accuracy", ("accuracy-std", {"over": "groups", "ddof": 0.0}))],
)  # fmt: skip
def test_a_printed_metric_by_the_name_of_results(column, measure):
    assert published_refs.measure_of(printed(column)) == measure


@pytest.mark.parametrize(
    ("metric", "meant"),
    [
        (Metric("tar@far", 0.5, {"far": 1e-4}), True),
        (Metric("tar@far", 0.5, {"far": 1e-3}), False),
        (Metric("accuracy", 0.5, {"far": 1e-4}), False),
        # Of one more condition only the number of the table stands for the printed one.
        (Metric("tar@far", 0.5, {"far": 1e-4, "pooling": "raw"}), False),
        (Metric("tar@far", 0.5, {"far": 1e-4, "pooling": "raw"}, headline=True), True),
    ],
)
def test_a_metric_is_the_printed_one_at_its_operating_point(metric, meant):
    assert published_refs.is_measure(metric, "tar@far", {"far": 1e-4}) is meant


def test_a_column_names_the_comparison_only_of_several():
    benchmark = SimpleNamespace(label=None, name="rfw")
    assert published_refs.column_of(benchmark, "African", 1) == "rfw"
    assert published_refs.column_of(benchmark, "African", 4) == "rfw/african"
    named = SimpleNamespace(label="mine", name="rfw")
    assert published_refs.column_of(named, "African", 1) == "mine"


def cell(key, row=None, model_row=None, benchmark="lfw", comparisons=1):
    params = SimpleNamespace(comparison_names=lambda: ("a",) * comparisons)
    return SimpleNamespace(
        key=key,
        comparison="a",
        benchmark=SimpleNamespace(label=None, name=benchmark, params=params),
        generator=SimpleNamespace(published=row),
        model=SimpleNamespace(published=model_row),
    )


def test_equal_cells_of_several_rows_keep_every_link_once():
    found = published_refs.links_of(
        [cell("k", "p/t#A"), cell("k", "p/t#B"), cell("k", "p/t#A", "p/t#C"), cell("other")]
    )
    assert found == {"k": ("p/t#A/lfw", "p/t#B/lfw", "p/t#C/lfw")}


def test_a_link_is_every_metric_of_its_row_and_column():
    number = next(iter(records.load("digi2real2024")))
    link = f"{number.paper}/{number.table}#{number.label}/{number.benchmark}"
    found = published_refs.linked(link)
    assert number in found
    assert {(r.label, r.benchmark) for r in found} == {(number.label, number.benchmark)}
    assert published_refs.linked(f"{number.paper}/{number.table}#{number.label}/nothing") == []
    # One comparison of a benchmark that the table prints as a whole.
    assert published_refs.linked(f"{link}/part") == found
