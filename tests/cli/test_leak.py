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
