"""Columns of numbers are at the right and sort as numbers, in every table of a whole report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from harness.reporting.compare.rows import judge_rows
from harness.reporting.figures import figure_embed
from harness.reporting.page import page
from harness.reporting.tables.grid import Grid
from harness.reporting.tables.matrix import build
from harness.results.study import load_study

NO_NUMBER = re.compile(r"|–|n/a.*|not known|failed.*")


def grids(shown: Any) -> Iterator[Grid]:
    if isinstance(shown, Grid):
        yield shown
    elif isinstance(shown, dict):
        for part in shown.values():
            yield from grids(part)
    elif isinstance(shown, list | tuple):
        for part in shown:
            yield from grids(part)
    elif is_dataclass(shown):
        for field in fields(shown):
            yield from grids(getattr(shown, field.name))


@pytest.fixture(scope="module")
def tables(study_folder):
    """Every table of the page, without its pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure_embed, "VEGA", SimpleNamespace(svg=lambda spec: "<svg/>"))
        study = load_study(study_folder)
        matrix = build(study.results, study.failures)
        found = list(grids(page._sections(study, matrix, judge_rows(matrix, study.cells))))
    assert len(found) > 20
    assert len({grid.id for grid in found}) == len(found)
    return found


def test_every_row_has_a_cell_for_every_column(tables):
    for grid in tables:
        assert {len(row) for row in grid.rows} == {len(grid.heads)}, grid.caption


def test_columns_of_numbers_and_no_others_are_numeric(tables):
    for grid in tables:
        for place, head in enumerate(grid.heads):
            boxes = [row[place] for row in grid.rows if not NO_NUMBER.fullmatch(row[place].text)]
            sorts = [box.sort is not None for box in boxes]
            if boxes:
                assert head.numeric == any(sorts), f"{grid.caption}: {head.plain}"
            if head.numeric:
                assert all(sorts), f"{grid.caption}: {head.plain}: {[b.text for b in boxes][:9]}"
