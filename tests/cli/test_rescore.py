"""Metrics from stored scores and embeddings: equal to those of a run, and beside the old ones."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from harness.results.schema import Result

RUN = ("run", "-m", "toy-pixels", "-M", "noise=150", "-b", "toy-pairs", "-B", "identities=20",
       "-j", "1")  # fmt: skip


def results(folder):
    found = [Result.from_json(p.read_text()) for p in folder.glob("cells/*/result.json")]
    return {result.id: result for result in found}


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def study(here, tmp_path):
    here(*RUN, "-B", "flip=sum")
    return tmp_path / "study"


def test_the_same_rules_give_the_same_numbers_and_write_nothing(here, study):
    before = {p: p.read_bytes() for p in study.rglob("*") if p.is_file()}
    (row,) = rows(here("rescore", "study", "--json"))
    assert row["state"] == "unchanged"
    assert row["before"] == row["after"] < 1
    assert {p: p.read_bytes() for p in study.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("change", ["rule=official", "rule=exact"])
def test_another_rule_gives_what_a_run_gives_and_the_run_takes_it_up(here, study, tmp_path, change):
    old = results(study)
    (row,) = rows(here("rescore", "study", "-B", change, "--json"))
    assert row["state"] == "written"
    made = results(study)[row["id"]]
    assert results(study) == old | {made.id: made}
    # A run with these settings makes the same cell, and finds it finished in the first study.
    here(*RUN, "-B", "flip=sum", "-B", change, "-o", "run")
    (fresh,) = results(tmp_path / "run").values()
    assert fresh.id == made.id
    assert fresh.metrics == made.metrics
    assert fresh.protocol == made.protocol
    assert fresh.cell == made.cell
    assert fresh.raw["sha256"] == made.raw["sha256"]
    assert made.provenance.inputs["rescored"] in old
    here(*RUN, "-B", "flip=sum", "-B", change)
    assert results(study)[made.id].created == made.created
    (again, _) = rows(here("rescore", "study", "-B", change, "--json"))
    assert {again["state"], _["state"]} == {"there", "unchanged"}


@pytest.mark.parametrize("change", ["flip=none", "centre=true"])
def test_other_distances_are_made_from_the_embeddings(here, study, tmp_path, change):
    (row,) = rows(here("rescore", "study", "-B", f"toy-pairs.{change}", "--json"))
    here(*RUN, "-B", "flip=sum", "-B", change, "-o", "run")
    (fresh,) = results(tmp_path / "run").values()
    made = results(study)[row["id"]]
    assert [m.value for m in made.metrics] == [m.value for m in fresh.metrics]
    assert made.protocol == fresh.protocol
    assert row["before"] != row["after"]


def test_no_model_or_generator_and_no_torch_are_needed(here, study, home, tmp_path):
    code = (
        "import sys; from harness.cli.main import run; "
        f"code = run(['-C', {str(tmp_path)!r}, 'rescore', 'study', '--variants', '--json']); "
        "print('TORCH', 'torch' in sys.modules, code)"
    )
    # Without the toys none of the study's components is installed.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "TORCH False 0", done.stderr
    assert "unchanged" in here("rescore", "study", toys=False).stdout


def test_every_variant_is_named_and_measured(here, study, tmp_path):
    found = rows(here("rescore", "study", "--variants", "--json"))
    assert len(found) == 3 * 2 * 4 + 3
    (used,) = [row for row in found if row["in_use"]]
    assert used == found[0]
    assert used["moved"] == 0
    assert used["settings"] == {"flip": "sum", "centre": "no", "threshold": "insightface"}
    for flip, rule in (("none", "insightface"), ("sum", "official")):
        here(*RUN, "-B", f"flip={flip}", "-B", f"rule={rule}", "-o", f"{flip}-{rule}")
        (fresh,) = results(tmp_path / f"{flip}-{rule}").values()
        want = {"flip": flip, "centre": "no", "threshold": rule}
        (row,) = [row for row in found if row["settings"] == want]
        assert row["value"] == next(m.value for m in fresh.metrics if m.headline)
        assert row["moved"] == pytest.approx(row["value"] - used["value"])
    folded = max(r["value"] for r in found if r["settings"]["threshold"] == "official")
    free = max(r["value"] for r in found if r["settings"]["threshold"] == "no folds")
    assert free >= folded
    table = here("rescore", "study", "--variants").stdout
    assert "optimistic" in table
    assert "in use" in table


def test_without_embeddings_the_rules_that_need_none_still_work(here, study, home):
    shutil.rmtree(home / "store" / "embeddings")
    found = rows(here("rescore", "study", "--variants", "--json"))
    assert {row["settings"]["flip"] for row in found} == {"sum"}
    assert "not in the store" in found[0]["note"]
    assert rows(here("rescore", "study", "-B", "rule=official", "--json"))
    done = here("rescore", "study", "-B", "flip=none", check=1)
    assert "not in the store" in done.stderr


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("absent",), 2, "no study folder"),
        (("study", "-b", "toy-pears"), 2, "did you mean 'toy-pairs'"),
        (("study", "-B", "ruel=official"), 2, "did you mean 'rule'"),
        (("study", "-B", "rule=offical"), 2, "is none of insightface"),
        (("study", "-B", "identities=10"), 2, "decides what is embedded"),
        (("study", "--variants", "-B", "rule=official"), 2, "leave out -B"),
    ],
)
def test_what_it_refuses(here, study, args, code, message):
    done = here("rescore", *args, check=code)
    assert message in done.stderr


def test_damaged_scores_are_named_and_nothing_is_written(here, study):
    (path,) = study.glob("cells/*/scores.arrow")
    path.write_bytes(path.read_bytes()[:-9])
    done = here("rescore", "study", "-B", "rule=official", check=1)
    assert "scores.arrow is not what the result was made from" in done.stderr
    assert len(results(study)) == 1
