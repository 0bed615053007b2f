"""The same power from Python as from the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import harness
from harness.errors import UsageError

DATA = Path(__file__).parent / "data"
TOYS = (DATA / "toys.py",)
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


def test_an_unknown_keyword_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(UsageError, match="run has no option 'seeed', did you mean 'seed'"):
        harness.run(**READY, study=tmp_path / "s", seeed=3)


def test_python_chooses_an_aligner(tmp_path):
    plugins = (*TOYS, DATA / "finder.py")
    study = harness.run(**READY | {"plugins_dirs": plugins}, aligner="toy-finder", align="detector",
                        study=tmp_path / "s")  # fmt: skip
    (result,) = study.results
    assert result.cell.aligner.name == "toy-finder"
    assert result.protocol["placed_by"]["detector"] > 0


def test_python_makes_again_what_it_is_told_to(tmp_path):
    for rerun in ((), ("embed",)):
        harness.run(**READY, study=tmp_path / "s", rerun=rerun)
    events = map(json.loads, (tmp_path / "s" / "events.jsonl").read_text().splitlines())
    made = [e["stage"] for e in events if e["event"] == "finished"]
    assert made == ["generate", "place", "embed", "score", "embed", "score"]


def test_python_stops_at_the_first_failure_when_asked(tmp_path):
    for fail_fast, stages in ((False, ["generate", "generate"]), (True, ["generate"])):
        folder = tmp_path / str(fail_fast)
        with pytest.raises(RuntimeError, match="told to fail"):
            harness.run(generator="toy-faces", sweep={"generator.identities": [5, 6]}, jobs=1,
                        params={"generator": {"fail": True}}, plugins_dirs=TOYS,
                        fail_fast=fail_fast, study=folder)  # fmt: skip
        events = map(json.loads, (folder / "events.jsonl").read_text().splitlines())
        assert [e["stage"] for e in events if e["event"] == "failed"] == stages


def test_python_leaves_plugins_out(tmp_path):
    with pytest.raises(UsageError, match="unknown model 'toy-pixels'"):
        harness.run(**READY, study=tmp_path / "s", disabled="toys")


def test_python_loads_the_plugin_beside_a_recipe(tmp_path):
    shutil.copy(TOYS[0], tmp_path / "harnessfile.py")
    recipe = tmp_path / "r.toml"
    recipe.write_text('[[model]]\nuse = "toy-pixels"\n[[benchmark]]\nuse = "toy-pairs"\n')
    study = harness.run(recipe=recipe, jobs=1, study=tmp_path / "s")
    assert len(study.results) == 1


def test_names_are_split_at_commas_from_python_too(tmp_path):
    study = harness.run(generator="toy-faces", model="toy-net,toy-pixels", bench="toys", jobs=1,
                        params={"model": {"steps": 2}}, mix="toy-faces,toy-faces",
                        plugins_dirs=TOYS, study=tmp_path / "s")  # fmt: skip
    assert {result.cell.model.name for result in study.results} == {"toy-net", "toy-pixels"}
