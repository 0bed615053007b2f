"""A study of the results that a test makes, and the table of a section as plain lines."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.reporting.sections.series_names import SeriesNames
from harness.reporting.tables.matrix import Names
from harness.results.study import load_study


@pytest.fixture
def study_of(make, tmp_path):
    """Write results and give the study of them with the names of its rows and series."""

    def written(*results, folder="study"):
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        for one in results:
            make.write_cell(place, one)
        study = load_study(place, allow_empty=True)
        names = Names.of(study.results)
        series = SeriesNames.of(study.results, names)
        return SimpleNamespace(study=study, names=names, series=series, folder=place)

    return written


@pytest.fixture(scope="session")
def lines():
    """The texts of a table, row by row."""
    return lambda grid: [[box.text for box in row] for row in grid.shown_rows]
