"""Groups of benchmarks are those of the papers."""

from __future__ import annotations

import pytest

from harness._plugins.discovery import load as load_registry
from harness.published.records import load, papers


@pytest.mark.parametrize(
    ("group", "paper"), [("seed1", "kortylewski2018"), ("seed2", "digi2real2024")]
)
def test_a_group_is_what_the_tables_of_the_paper_report(group, paper):
    assert paper in papers()
    printed = dict.fromkeys(record.benchmark.split("/")[0] for record in load(paper))
    assert load_registry().groups()[group] == list(printed)


def test_every_name_in_a_group_is_a_benchmark():
    registry = load_registry()
    known = {provided.component.name for provided in registry.of_kind("benchmark")}
    groups = registry.groups()
    assert {"hq5", "ijb", "seed1", "seed2"} <= set(groups)
    assert {name for names in groups.values() for name in names} <= known
