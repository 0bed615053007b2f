"""The tab of published numbers: only tables of which the study measured something."""

from __future__ import annotations

import pytest

from harness.published import records
from harness.reporting.sections.published import against
from harness.results.schema import PublishedRecord


@pytest.fixture(scope="module")
def accuracies():
    """A published table with accuracies of two rows: its name and a number of each row."""
    for paper in records.built_in():
        for table in paper.about["tables"]:
            found = [r for r in records.load(f"{paper.name}/{table}") if r.metric == "accuracy"]
            other = [r for r in found if r.label != found[0].label]
            if other:
                return f"{paper.name}/{table}", found[0], other[0]
    raise AssertionError("no published table has accuracies of two rows")


def linked(make, name, record, value):
    entry = PublishedRecord(
        ref=f"{name}#{record.label}/{record.benchmark}", metric="accuracy", at={},
        value=float(record.percent / 100), printed=record.text, unit=record.unit,
        source=record.place, protocol_match="claimed",
    )  # fmt: skip
    return make.result(bench=record.benchmark, value=value, half=0.001, published=[entry])


def test_without_a_link_there_is_no_table(make, study_of):
    assert against(study_of(make.result()).study) == []


def test_the_measured_row_is_in_the_table_and_the_others_are_not(make, study_of, accuracies, lines):
    name, record, other = accuracies
    made = study_of(linked(make, name, record, 0.5))
    (table,) = against(made.study)
    text = str(lines(table.grid))
    assert record.label in text
    assert record.printed in text
    assert other.label not in {cell for row in lines(table.grid) for cell in row}
    assert "50" in text
    assert table.counts
    assert table.title == table.grid.caption


def test_counts_are_said_once(make, study_of, accuracies):
    name, record, _ = accuracies
    (table,) = against(study_of(linked(make, name, record, 0.5)).study)
    assert table.counts not in table.grid.notes
