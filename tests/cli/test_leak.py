"""Planted leaks are found, strangers are not."""

from __future__ import annotations

import json

import pytest

BENCH = ("-b", "toy-pairs", "-B", "identities=40", "-m", "toy-pixels", "--fmr", "0.0001", "-j",
         "1", "-q")  # fmt: skip


def made(here, *args):
    """The key of a face set of toys; the benchmark's own people come from seed 99."""
    here("run", "-g", "toy-faces", "-j", "1", *args)
    listed = json.loads(here("faces", "list", "--json").stdout)
    return {row["seed"]: row["key"] for row in listed}


def reports(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_training_set_with_people_of_the_benchmark_is_found(here, tmp_path):
    keys = made(here, "--seed", "99")
    keys |= made(here, "--seed", "5")
    done = here(
        "leak", "--train", keys[99], "--train", keys[5], *BENCH, "--json", "--fail-on-leak", check=4
    )
    planted, strangers = reports(done)
    assert planted["leaked"]
    # The first six of the forty people are in the set: each is found, as itself.
    above = [match for match in planted["matches"] if match["above"]]
    assert sorted(int(match["identity"]) for match in above) == list(range(6))
    assert all(match["identity"] == match["training_identity"] for match in above)
    assert planted["by_chance"] < 2
    assert not strangers["leaked"]
    assert strangers["threshold"] == planted["threshold"]
    assert strangers["matches"][0]["score"] < strangers["threshold"]
    assert strangers["comparisons"] == 160 * 24
    text = here("leak", "--train", keys[99][:10], *BENCH).stdout
    assert "LEAK" in text
    assert "6 of 40 identities" in text
    few = here("leak", "--train", keys[99], *BENCH, "--per-identity", "1", "--json")
    assert reports(few)[0]["training_images"] == 6


def test_a_study_is_searched_and_keeps_what_was_found(here, tmp_path):
    here("run", "-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs", "--seed", "99",
         "-B", "identities=40", "-j", "1")  # fmt: skip
    args = ("leak", "study", "-m", "toy-pixels", "-B", "identities=40", "--fmr", "0.0001",
            "-j", "1", "-q")  # fmt: skip
    here(*args)
    (path,) = (tmp_path / "study" / "leaks").glob("*.json")
    kept = json.loads(path.read_text())
    assert kept["benchmark"] == "toy-pairs"
    shown = here("protocol", "show", "study").stdout
    assert "people of the benchmark in the training set: LEAK by toy-pixels" in shown
    before = path.read_bytes()
    here(*args)
    assert [p.read_bytes() for p in (tmp_path / "study" / "leaks").iterdir()] == [before]


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("-b", "toy-pairs", "-m", "toy-pixels"), 2, "give a study, or --train"),
        (("--train", "abc", *BENCH), 2, "no face set"),
        (("--train", "abc", "-b", "toy-pairs", "-m", "toy-pixels", "--fmr", "2"), 2, "not a share"),
    ],
)
def test_what_it_refuses(here, args, code, message):
    assert message in here("leak", *args, check=code).stderr


def test_too_low_a_rate_is_refused(here):
    keys = made(here, "--seed", "5")
    done = here("leak", "--train", keys[5], *BENCH[:-5], "--fmr", "1e-7", "-j", "1",
                           check=2)  # fmt: skip
    assert "impostor pairs cannot show an FMR of 1e-07" in done.stderr


def test_one_engine_answers_both_verbs(here):
    """People of a benchmark in a set, and of a set in the other: the same matches."""
    keys = made(here, "--seed", "99", "-G", "identities=40")
    keys |= made(here, "--seed", "7", "-G", "identities=30")
    (report,) = reports(here("leak", "--train", keys[7], *BENCH[:6], "-q", "--json",
                             "--kind", "centre", "--fmr", "0.05"))  # fmt: skip
    rows = reports(here("faces", "measure", keys[99], "-m", "toy-pixels", "-q", "--seen", keys[7],
                        "--only", "leakage", "--fmr", "0.05", "--json"))  # fmt: skip
    pairs = [(row["first"], row["second"]) for row in rows if row["metric"] == "pair"]
    matches = [(m["identity"], m["training_identity"]) for m in report["matches"]]
    assert sorted(pairs) == sorted(matches)
    assert report["comparisons"] == 40 * 30


@pytest.mark.parametrize(("limit", "code"), [("0.1", 4), ("0.2", 0)])
def test_a_share_of_people_decides_the_exit_code(here, limit, code):
    keys = made(here, "--seed", "99")
    done = here("leak", "--train", keys[99], *BENCH, "--json", "--fail-above", limit, check=code)
    assert reports(done)[0]["leak_rate"] == 6 / 40


def test_the_rate_of_a_control_is_beside(here):
    keys = made(here, "--seed", "99")
    keys |= made(here, "--seed", "5")
    args = ("leak", "--train", keys[99], *BENCH, "--json", "--control")
    assert reports(here(*args, keys[99]))[0]["control_rate"] == 1
    assert reports(here(*args, keys[5]))[0]["control_rate"] == 0
    assert "of the people of the control" in here("leak", "--train", keys[99], *BENCH, "--control",
                                                  keys[5]).stdout  # fmt: skip


def test_generators_and_packed_files_are_searched_by_their_names(here, tmp_path):
    keys = made(here, "--seed", "99")
    here("faces", "export", keys[99], "--format", "recordio", "-o", "packed", "-q")
    (path,) = (tmp_path / "packed").glob("*.rec")
    done = here("leak", "--train", f"packed/{path.name}", "--train", "toy-faces", "--template",
                "arcface", *BENCH, "--json")  # fmt: skip
    packed, made_now = reports(done)
    assert packed["above"] == 6
    assert packed["training"] == path.name
    assert made_now["training_identities"] == 6
