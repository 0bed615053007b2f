"""The same power from Python as from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from harness.errors import UsageError

TOYS = (Path(__file__).parent / "data" / "toys.py",)
READY = {"model": "toy-pixels", "bench": "toy-pairs", "plugins_dirs": TOYS, "jobs": 1}


def test_run_and_load_give_the_same_table(tmp_path):
    study = harness.run(**READY, study=tmp_path / "study")
    frame = study.frame()
    row = frame[(frame["metric"] == "accuracy") & frame["headline"]].iloc[0]
    assert row["value"] == 1.0
    assert row["model"] == "toy-pixels"
    again = harness.load_study(tmp_path / "study").frame()
    assert again.equals(frame)


def test_the_command_and_the_api_make_the_same_cells(tmp_path, harness_command, home):
    harness.run(**READY, study=tmp_path / "api")
    harness_command("run", "-m", "toy-pixels", "-b", "toy-pairs", "-j", "1", "-o", "cli")
    names = [sorted(p.name for p in (tmp_path / side / "cells").iterdir())
             for side in ("api", "cli")]  # fmt: skip
    assert names[0] == names[1]


def test_parameters_and_study_values(tmp_path):
    study = harness.run(**READY, study=tmp_path / "s", limit=2,
                        params={"benchmark": {"rule": "official"}})  # fmt: skip
    assert study.frame()["limited"].eq(2).all()


def test_errors_are_raised(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'toy-pairs'"):
        harness.run(model="toy-pixels", bench="toy-pear", plugins_dirs=TOYS, study=tmp_path / "s")
    with pytest.raises(RuntimeError, match="told to fail"):
        harness.run(generator="toy-faces", params={"generator": {"fail": True}}, jobs=1,
                    plugins_dirs=TOYS, study=tmp_path / "s")  # fmt: skip
