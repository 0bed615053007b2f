"""What a container image is built from; where hadolint is installed, it reads the file too."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_base_is_an_argument_and_the_last_stage_runs_as_nobody_special():
    assert re.search(r"^ARG BASE=", TEXT, re.MULTILINE)
    stages = re.split(r"^FROM ", TEXT, flags=re.MULTILINE)[1:]
    assert all(stage.startswith("${BASE}") for stage in stages)
    (user,) = re.findall(r"^USER (\S+)$", stages[-1], re.MULTILINE)
    assert user.isdigit()
    assert int(user) > 0


def test_downloads_are_cached_outside_the_image_and_no_secret_is_in_it():
    runs = re.findall(r"^RUN (.*?)(?<!\\)$", TEXT, re.MULTILINE | re.DOTALL)
    for run in runs:
        if "pip install" in run or "apt-get" in run:
            assert "--mount=type=cache" in run
    assert not re.search(r"(?i)token|password|secret|api_key", TEXT)


def test_everything_that_is_copied_is_there_and_is_sent_to_the_builder():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = [line.removeprefix("!") for line in lines if line.startswith("!")]
    assert "*" in lines
    assert all((ROOT / name).exists() for name in sent)
    # What setup.py and pyproject.toml name.
    needed = {"harness", "plugins", "recipes", "reports", "LICENSE", "README.md", "setup.py"}
    assert needed | {"pyproject.toml", "constraints.txt"} <= set(sent)


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="needs hadolint")
def test_hadolint_finds_nothing():
    done = subprocess.run(
        ["hadolint", str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
