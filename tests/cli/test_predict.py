"""From nine sets of toys to a table: measures of the store meet the results of a study."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def nine(here):
    """A study of nine sets of more and more noise, each measured."""
    noises = ",".join(str(5 + 12 * k) for k in range(9))
    here("run", "-g", "toy-faces", "--sweep", f"generator.noise={noises}", "-m", "toy-net", "-b",
         "toy-pairs", "-j", "1", "-q")  # fmt: skip
    return [row["key"] for row in json.loads(here("faces", "list", "--json").stdout)]


def test_measures_meet_scores(here, nine):
    few = here("predict", "study", check=5)
    assert "none of the" in few.stderr
    for key in nine:
        here("faces", "measure", key, "-m", "toy-pixels", "--only", "diversity,image-statistics",
             "-q")  # fmt: skip
    done = here("predict", "study")
    assert "9 face sets" in done.stdout
    assert "diversity intra_distance (toy-pixels" in done.stdout
    found = [json.loads(line) for line in here("predict", "study", "--json").stdout.splitlines()]
    rows = {row["measure"].partition(" (")[0]: row for row in found[0]["associations"]}
    assert rows["diversity intra_distance"]["sets"] == 9
    for row in rows.values():
        if row["spearman"] is not None:
            assert row["low"] <= row["spearman"] <= row["high"]
            assert 0 < row["p_value"] <= row["holm"] <= 1
    again = here("predict", "study", "--json", "-o", "page.html").stdout
    page = Path("page.html").read_text(encoding="utf-8")
    assert page.count("<svg") == sum(len(item["associations"]) for item in found)
    assert page.count("<circle") >= 9 * sum(
        row["sets"] == 9 for item in found for row in item["associations"]
    )
    assert "Error of predicting a set from the others" in page
    assert [json.loads(line) for line in again.splitlines()] == found


def test_few_sets_are_refused(here):
    here("run", "-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs", "-j", "1", "-q")
    for row in json.loads(here("faces", "list", "--json").stdout):
        here("faces", "measure", row["key"], "--only", "duplicates", "-q")
    done = here("predict", "study", check=2)
    assert "8 are needed" in done.stderr
