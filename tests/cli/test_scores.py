"""Scores go out and come in, and mean the same."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from harness.results.schema import Result

RUN = ("run", "-m", "toy-pixels", "-M", "noise=150", "-b", "toy-pairs", "-B", "identities=40",
       "-B", "rule=official", "-j", "1")  # fmt: skip


def results(folder):
    found = [Result.from_json(p.read_text()) for p in folder.glob("cells/*/result.json")]
    return {result.cell.model.name: result for result in found}


def metric(result, name, **at):
    return next(m.value for m in result.metrics if m.name == name and m.at == at)


@pytest.mark.parametrize("form", ["csv", "five"])
def test_an_exported_study_comes_back_with_the_same_numbers(here, tmp_path, form):
    here(*RUN)
    (name,) = here("scores", "export", "study", "-o", "out", "--format", form).stdout.split()
    args = ("scores", "import", name, "-b", "toy-pairs", "-m", "theirs", "--json")
    assert json.loads(here(*args).stdout)["new"]
    ours, theirs = results(tmp_path / "study")["toy-pixels"], results(tmp_path / "study")["theirs"]
    for name, at in (("auc", {}), ("eer", {}), ("tar@far", {"far": 0.01})):
        assert metric(theirs, name, **at) == pytest.approx(metric(ours, name, **at))
    if form == "csv":
        assert metric(theirs, "accuracy") == metric(ours, "accuracy")
    assert not json.loads(here(*args).stdout)["new"]
    # It is an ordinary cell: the report draws it, and a rescore finds it unchanged.
    rows = here("rescore", "study", "--json").stdout.splitlines()
    assert {json.loads(row)["state"] for row in rows} == {"unchanged"}
    if form == "csv":
        here("report", "study", "-o", "r", "--md")
        assert any("theirs" in path.read_text() for path in (tmp_path / "r").rglob("*.md"))


def test_a_file_of_bob_is_scored_under_its_name(here, tmp_path):
    rng = np.random.default_rng(0)
    genuine = np.arange(4000) % 2 == 0
    score = rng.normal(size=4000) + 2 * genuine
    lines = [f"p{k} p{k if g else k + 1} i{k} {s}" for k, (g, s) in enumerate(zip(genuine, score,
             strict=True))]  # fmt: skip
    (tmp_path / "scores-dev").write_text("\n".join(lines) + "\n")
    here("scores", "import", "scores-dev", "-b", "ijbc-test1", "-m", "bob", "-o", "s")
    result = results(tmp_path / "s")["bob"]
    assert (result.cell.benchmark.name, result.comparison) == ("ijbc", "1:1")
    assert metric(result, "auc") == pytest.approx(roc_auc_score(genuine, score))
    assert metric(result, "tar@far", far=1e-6) is None
    (headline,) = [m for m in result.metrics if m.headline]
    assert headline.at == {"far": 1e-3}
    assert result.protocol["n_genuine"] == 2000


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("absent", "-b", "lfw", "-m", "x"), 2, "does not exist"),
        (("bad", "-b", "lfw", "-m", "x"), 1, "neither four or five"),
        (("one", "-b", "lfw", "-m", "x"), 1, "all 1 comparisons are genuine"),
        (("one", "-b", "lwf", "-m", "x"), 2, "did you mean 'lfw'"),
        (("one", "-b", "lfw", "-m", "a/b"), 2, "cannot be the name"),
    ],
)
def test_what_it_refuses(here, tmp_path, args, code, message):
    (tmp_path / "bad").write_text("nothing\n")
    (tmp_path / "one").write_text("a a p 1\n")
    done = here("scores", "import", *args, check=code)
    assert message in done.stderr
    assert not (tmp_path / "study").exists()


def test_distances_are_told_from_similarities(here, tmp_path):
    rng = np.random.default_rng(0)
    genuine = np.arange(400) % 2
    distance = rng.uniform(0, 1, 400) + 1 - genuine
    rows = [f"a{k},b{k},{g},{k // 2 % 10},{d}" for k, (g, d) in enumerate(zip(genuine, distance,
            strict=True))]  # fmt: skip
    (tmp_path / "d.csv").write_text("\n".join(["first,second,genuine,fold,score", *rows]) + "\n")
    done = here("scores", "import", "d.csv", "-b", "toy-pairs", "-m", "theirs", "-o", "s")
    (warning,) = [w for w in results(tmp_path / "s")["theirs"].warnings if "distances" in w]
    assert "write them with the opposite sign" in warning
    assert warning in done.stderr


def test_scores_that_are_all_equal_are_refused(here, tmp_path):
    rows = [f"a{k},b{k},{k % 2},0.5" for k in range(40)]
    (tmp_path / "e.csv").write_text("\n".join(["first,second,genuine,score", *rows]) + "\n")
    done = here("scores", "import", "e.csv", "-b", "toy-pairs", "-m", "theirs", check=1)
    assert "all 40 scores are equal" in done.stderr
