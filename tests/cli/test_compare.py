from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
READY = ("run", "-m", "toy-pixels", "-b", "toy-pairs", "-B", "identities=40", "-j", "1", "-o")
WEAK = (*READY[:-1], "-M", "noise=150", "-o")


@pytest.fixture(scope="module")
def made(zygote, tmp_path_factory):
    """Two studies and the home they were made in, once for all tests of this file."""
    folder = tmp_path_factory.mktemp("studies")
    for command in ((*READY, "strong"), (*WEAK, "weak")):
        environ = {**os.environ, "HARNESS_HOME": str(folder / "home")}
        done = zygote.run(("--plugins-dir", str(TOYS), *command), folder, environ)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def studies(made, home, tmp_path):
    shutil.copytree(made / "home", home, dirs_exist_ok=True)
    for name in ("strong", "weak"):
        shutil.copytree(made / name, tmp_path / name)


def rows(harness_command, *args, **options):
    done = harness_command("compare", *args, "--json", **options)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_weaker_model_is_worse_and_the_gate_says_so(harness_command, studies, tmp_path):
    (row,) = rows(harness_command, "strong", "weak", "--fail-on", "worse", check=4)
    assert row["verdict"] == "worse"
    assert row["low"] < row["effect"] < row["high"] < 0
    assert row["effect"] == pytest.approx(row["value_b"] - row["value_a"])
    assert (row["test"], row["metric"]) == ("paired t test over people", "accuracy")
    assert (row["seeds_a"], row["seeds_b"], row["about"]) == (1, 1, [])  # ready networks
    (back,) = rows(harness_command, "weak", "strong", "--fail-on", "worse")
    assert back["verdict"] == "better"


def test_the_same_study_is_unchanged(harness_command, studies):
    (row,) = rows(harness_command, "weak", "weak", "--fail-on", "changed")
    assert row["verdict"] == "unchanged"
    assert row["effect"] == 0
    assert row["p_value"] == 1


def test_another_protocol_is_not_comparable(harness_command, studies):
    harness_command(*READY, "other", "-B", "rule=official")
    (row,) = rows(harness_command, "strong", "other")
    assert row["verdict"] == "not comparable"
    assert "threshold_rule" in row["note"]
    table = harness_command("compare", "strong", "other").stdout
    assert "not comparable (protocol differs in" in table


def test_another_way_to_place_faces_is_compared_when_asked_for(harness_command, studies):
    harness_command(*READY, "other", "--on-failure", "centre")
    (row,) = rows(harness_command, "strong", "other")
    assert row["note"] == "protocol differs in on_failure"
    (row,) = rows(harness_command, "strong", "other", "--across-alignments")
    assert (row["verdict"], row["effect"], row["note"]) == ("unchanged", 0, "")
    harness_command(*READY, "rule", "-B", "rule=official")
    (row,) = rows(harness_command, "strong", "rule", "--across-alignments")
    assert row["verdict"] == "not comparable"


def test_several_methods_on_one_benchmark_must_be_named(harness_command, studies, tmp_path):
    harness_command(*WEAK, "strong")
    done = harness_command("compare", "strong", "weak", check=2)
    assert "A has several methods on toy-pairs: " in done.stderr
    assert "toy-pixels (noise=150.0)" in done.stderr
    assert len(rows(harness_command, "strong:toy-pixels (noise=150.0)", "weak")) == 1
    done = harness_command("compare", "strong:other", "weak", check=2)
    assert "strong has no finished cell 'other'; its rows are toy-pixels" in done.stderr
    ids = [json.loads(p.read_text())["id"] for p in tmp_path.glob("strong/cells/*/result.json")]
    assert len(rows(harness_command, f"strong:{ids[0][:8]}", "weak")) == 1


def test_a_folder_that_is_no_study(harness_command):
    done = harness_command("compare", "absent", "absent", check=2)
    assert "'absent' is not a study folder or report" in done.stderr


def test_template_benchmarks_are_compared_too(harness_command, official, tmp_path):
    written = official.write_official(tmp_path / "data", ["ijbc"])
    run = ("run", "-m", "toy-pixels", "-b", "ijbc", *written.flags("ijbc"), "-B",
           "headline_far=0.1", "-j", "1")  # fmt: skip
    harness_command(*run, "-o", "strong")
    harness_command(*run, "-M", "noise=200", "-o", "weak")
    found = rows(harness_command, "strong", "weak")
    assert [row["benchmark"] for row in found] == ["ijbc/1:1", "ijbc/1:N"]
    for row in found:
        assert row["test"] == "paired t test over people"
        assert row["verdict"] == "worse"
        assert row["low"] <= row["effect"] <= row["high"] < 0
        assert row["effect"] == pytest.approx(row["value_b"] - row["value_a"])
        assert row["p_value"] < 0.01
    found = rows(harness_command, "weak", "weak", "--margin", "50")  # there are few people
    assert [row["verdict"] for row in found] == ["equivalent"] * 2


def test_a_margin_shows_that_nothing_was_lost(harness_command, studies):
    (row,) = rows(harness_command, "strong", "strong")
    assert (row["verdict"], row["p_not_worse"]) == ("unchanged", None)
    (row,) = rows(harness_command, "strong", "strong", "--margin", "3")
    assert row["verdict"] == "equivalent"
    assert row["p_equal"] == row["p_not_worse"] < 0.05
    (row,) = rows(harness_command, "weak", "strong", "--margin", "1")
    assert row["verdict"] == "better"
    table = harness_command("compare", "strong", "strong", "--margin", "0.5").stdout
    assert "p not worse by 0.5" in table
    assert "p equal within 0.5" in table
    done = harness_command("compare", "strong", "weak", "--margin", "0", check=2)
    assert "--margin" in done.stderr


def test_reports_are_compared_and_give_their_results_back(harness_command, studies, tmp_path):
    for name in ("strong", "weak"):
        harness_command("report", name, "-o", f"{name}-page", "--html")
    pages = ("strong-page/index.html", "weak-page/index.html")
    (row,) = rows(harness_command, *pages, "--fail-on", "worse", check=4)
    assert row["verdict"] == "worse"
    assert "intervals compared" in row["note"]
    printed = harness_command("report", "--extract", pages[0]).stdout
    (found,) = [json.loads(line) for line in printed.splitlines()]
    assert found["schema"].startswith("harness/result@")
    harness_command("report", "--extract", *pages, "-o", "again")
    written = list((tmp_path / "again").glob("cells/*/result.json"))
    assert len(written) == 2
    assert found["id"] in {json.loads(path.read_text())["id"] for path in written}
    harness_command("report", "again", "--md")


def test_a_file_that_is_no_report_is_refused(harness_command, studies, tmp_path):
    (tmp_path / "x.html").write_text("<p>")
    done = harness_command("compare", "x.html", "weak", check=1)
    assert "holds no results of a report" in done.stderr


def test_repeats_are_pooled_and_labels_name_methods(harness_command, tmp_path):
    run = ("run", "-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs", "-B", "identities=16",
           "--repeats", "2", "-j", "1", "-o", "study")  # fmt: skip
    harness_command(*run, "--label", "MyFaces")
    (row,) = rows(harness_command, "study", "study")
    assert (row["seeds_a"], row["effect"], row["verdict"]) == (2, 0, "unchanged")
    assert row["test"] == "two-level t test over seeds and people"
    harness_command(*run, "-G", "noise=20", "--label", "noisy")
    done = harness_command("compare", "study", "study", check=2)
    assert "MyFaces > toy-net, noisy > toy-net; name one as STUDY:LABEL" in done.stderr
    (row,) = rows(harness_command, "study:MyFaces", "study:noisy")
    assert (row["name_a"], row["name_b"]) == ("MyFaces > toy-net", "noisy > toy-net")
    (row,) = rows(harness_command, "study:MyFaces#0", "study:MyFaces#1")
    assert (row["name_a"], row["name_b"]) == ("MyFaces > toy-net #0", "MyFaces > toy-net #1")
    table = harness_command("compare", "study:MyFaces#0", "study:noisy#0").stdout
    assert "this compares two networks, not two methods" in table
    assert "tested by paired t test over people" in table
