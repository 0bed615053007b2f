"""Environment variables that look like ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.process.known_variables import KNOWN, PREFIX, unknown

STUDY = ("seed", "device")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("HARNESS_SEDD", "HARNESS_SEED"),
        ("HARNESS_HOEM", "HARNESS_HOME"),
        ("HARNESS_VERIFYING", "HARNESS_VERIFY"),
        ("HARNESS_TRACEBAK", "HARNESS_TRACEBACK"),
        ("HARNESS_devise", "HARNESS_DEVICE"),
        ("HARNESS_FAVOURITE", ""),
    ],
)
def test_a_misspelt_variable_is_named_with_the_nearest(name, near):
    (text,) = unknown({name: "1", "PATH": "x"}, STUDY)
    assert text.startswith(f"the environment variable {name} is not known")
    assert text.endswith(f"; did you mean {near}?" if near else "no effect")


def test_known_and_foreign_variables_say_nothing():
    names = [*KNOWN, "HARNESS_SEED", "HARNESS_DEVICE", "HARNESSES", "_HARNESS_COMPLETE"]
    assert list(unknown(dict.fromkeys(names, "1"), STUDY)) == []


def test_endless_and_odd_names_stay_one_short_line():
    for text in unknown({"HARNESS_" + "x" * 10_000: "", "HARNESS_a\nb\udce9": ""}, STUDY):
        assert len(text) < 150
        assert len(text.splitlines()) == 1


def test_every_variable_that_the_code_reads_is_known():
    source = "\n".join(
        path.read_text() for path in (Path(__file__).parents[2] / "harness").rglob("*.py")
    )
    read = set(re.findall(rf'"({PREFIX}[A-Z_]+[A-Z])"', source)) - {"HARNESS_API"}
    assert read <= KNOWN
    assert len(read) > 5


def test_the_command_warns_and_goes_on(harness_command):
    done = harness_command("list", "models", HARNESS_SEDD="3", HARNESS_REPEATS="2")
    assert done.stderr.count("\n") == 1
    assert "HARNESS_SEDD is not known and has no effect; did you mean HARNESS_SEED?" in done.stderr
