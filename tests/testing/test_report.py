"""What the kit says of components through the public door, and how tests of a plugin use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness.components import KINDS
from harness.errors import UsageError
from harness.testing import checks_for, parametrize_with_checks, run_checks

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
SMALL = {"identities": 2, "images_per_id": 2}
PROJECT = """
from pathlib import Path

from harness.testing import parametrize_with_checks


TOYS = Path({toys!r})


@parametrize_with_checks([("model", "toy-pixels", {{"spoil": True}})], plugins_dirs=[TOYS])
def test_conformance(check):
    check()
"""


@parametrize_with_checks(
    [
        ("generator", "toy-faces"),
        ("generator", "toy-faces", {"missing_every": 3}),
        ("model", "toy-pixels"),
        ("model", "toy-net"),
        ("benchmark", "toy-pairs"),
        ("generator", "bfm", SMALL),
    ],
    plugins_dirs=[TOYS],
)
def test_conformance(check):
    check()


@pytest.fixture(scope="module")
def registry():
    return load(plugins_dirs=[TOYS])


def test_the_counts_are_the_last_line(registry):
    report = run_checks(registry, registry.find("generator", "toy-faces"), SMALL)
    assert report.ok
    assert report.lines()[0].startswith("skipped  declared-size: it has no parameter image_px")
    assert report.lines()[1:] == [report.counts]
    assert report.counts == "generator toy-faces: 17 checks run, 17 passed, 0 failed, 1 skipped"


@pytest.mark.parametrize(("kind", "count"), zip(KINDS, (18, 19, 16, 11, 13, 12, 12), strict=True))
def test_no_check_is_lost(kind, count):
    assert len(checks_for(kind)) == count


def test_a_missing_asset_skips_what_needs_it_and_says_which(registry):
    report = run_checks(registry, registry.find("benchmark", "lfw"))
    assert (report.passed, report.failed, report.skipped) == (6, 0, 10)
    skipped, counts = report.lines()
    assert skipped.startswith("skipped  images-agree, protocol-complete")
    assert "harness assets link lfw PATH" in skipped
    assert counts == "benchmark lfw: 6 checks run, 6 passed, 0 failed, 10 skipped"


def test_one_identity_leaves_no_prefix(registry):
    report = run_checks(registry, registry.find("generator", "toy-faces"), {"identities": 1})
    skipped = {outcome.check: outcome for outcome in report.with_status("skipped")}["prefix-stable"]
    assert "give -P identities=2" in skipped.reason


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [("folder", {}, "give -G root=DIR"), ("toy-faces", {"identitys": 2}, "'identities'")],
)
def test_parameters_that_open_nothing_are_a_usage_error(registry, name, values, message):
    with pytest.raises(UsageError, match=message):
        run_checks(registry, registry.find("generator", name), values)


def test_a_generator_that_raises_fails_with_its_words(registry):
    report = run_checks(registry, registry.find("generator", "toy-faces"), {"fail": True})
    reasons = {outcome.reason for outcome in report.with_status("failed")}
    assert "RuntimeError: toy generator was told to fail" in reasons
    assert report.passed == 6


def test_a_test_of_a_plugin_fails_and_skips_as_its_checks_do(tmp_path, harness_python):
    (tmp_path / "test_mine.py").write_text(PROJECT.format(toys=str(TOYS)))
    done = harness_python("-m", "pytest", "-q", "-rfs", "-p", "no:cacheprovider", "test_mine.py")
    assert "1 failed, 14 passed, 4 skipped" in done.stdout, done.stdout
    assert "test_conformance[toy-pixels-finite]" in done.stdout
    assert "it cannot be trained" in done.stdout


@pytest.fixture
def harness_python(tmp_path):
    import subprocess
    import sys

    def run(*args):
        return subprocess.run(
            [sys.executable, *args], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )

    return run


def test_the_verb_exits_4_when_a_check_fails(harness_command):
    done = harness_command("check", "toy-pixels", "-P", "spoil=true", check=4)
    first, *_, last = done.stdout.splitlines()
    assert first == "FAILED   finite: 1 of 6 embeddings are not finite"
    assert last == "model toy-pixels: 15 checks run, 14 passed, 1 failed, 4 skipped"


def test_the_verb_prints_json(harness_command):
    done = harness_command("check", "lfw", "--json", toys=False)
    (report,) = json.loads(done.stdout)
    assert report["provider"] == "synthface-harness:lfw"
    assert (report["run"], report["passed"], report["skipped"]) == (6, 6, 10)
    assert {check["status"] for check in report["checks"]} == {"passed", "skipped"}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("toy-facs",), "no component 'toy-facs', did you mean 'toy-faces'?"),
        (("toy-faces", "-P", "identities"), "is not of the form key=value"),
        (("toy-faces", "-P", "identities=x"), "identities: Input should be a valid integer"),
    ],
)
def test_errors_of_the_verb(harness_command, args, message):
    assert message in harness_command("check", *args, check=2).stderr
