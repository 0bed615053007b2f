from __future__ import annotations

import json

import pytest
from scipy.stats import binomtest

READY = ("run", "-m", "toy-pixels", "-b", "toy-pairs", "-B", "identities=40", "-j", "1", "-o")
WEAK = (*READY[:-1], "-M", "noise=150", "-o")


@pytest.fixture
def studies(harness_command):
    harness_command(*READY, "strong")
    harness_command(*WEAK, "weak")


def rows(harness_command, *args, **options):
    done = harness_command("compare", *args, "--json", **options)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_weaker_model_is_worse_and_the_gate_says_so(harness_command, studies, tmp_path):
    (row,) = rows(harness_command, "strong", "weak", "--fail-on", "worse", check=4)
    assert row["verdict"] == "worse"
    assert row["low"] < row["effect"] < row["high"] < 0
    assert row["effect"] == pytest.approx(row["value_b"] - row["value_a"])
    # The strong model is always right, so every error of the weak one is a discordant pair.
    wrong = round((1 - row["value_b"]) * 240)
    assert row["p_value"] == pytest.approx(binomtest(0, wrong).pvalue)
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


def test_several_results_of_one_benchmark_must_be_picked(harness_command, studies, tmp_path):
    harness_command(*WEAK, "strong")
    done = harness_command("compare", "strong", "weak", check=2)
    assert "pick one as STUDY:CELL" in done.stderr
    ids = [json.loads(p.read_text())["id"] for p in tmp_path.glob("strong/cells/*/result.json")]
    assert len(rows(harness_command, f"strong:{ids[0][:8]}", "weak")) == 1


def test_a_folder_that_is_no_study(harness_command):
    done = harness_command("compare", "absent", "absent", check=2)
    assert "absent is no study folder" in done.stderr
