"""Compiled functions are kept: beside the source, or where that is read-only in the store."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from harness.process.kernel_cache import FOLDER, VARIABLE, keep_kernels

CODE = """
import os, sys
from pathlib import Path
from harness.process.kernel_cache import keep_kernels
os.access = lambda *_: False
keep_kernels(Path(sys.argv[1]), Path(sys.argv[2]))
sys.path.insert(0, sys.argv[2])
import kernel
kernel.add(1.0, 2.0)
print(sum(kernel.add.stats.cache_hits.values()))
"""
KERNEL = """
import numba
@numba.njit(cache=True)
def add(a, b):
    return a + b
"""


def test_a_writable_installation_keeps_its_own(tmp_path):
    environ = {}
    keep_kernels(tmp_path / "home", tmp_path, environ)
    assert environ == {}


def test_what_the_user_chose_stays(tmp_path):
    environ = {VARIABLE: "mine"}
    keep_kernels(tmp_path / "home", tmp_path / "absent", environ)
    assert environ == {VARIABLE: "mine"}


def test_a_read_only_installation_keeps_them_in_the_store(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    environ = {}
    keep_kernels(tmp_path / "home", tmp_path, environ)
    assert environ == {VARIABLE: str(tmp_path / "home" / FOLDER)}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="permissions of folders")
def test_a_second_process_of_a_read_only_installation_compiles_nothing(tmp_path):
    installed = tmp_path / "installed"
    installed.mkdir()
    (installed / "kernel.py").write_text(KERNEL)
    # For root every folder is writable, and numba asks by writing: a file is in the way instead.
    (installed / "__pycache__").write_text("")
    nowhere = {**os.environ, "HOME": str(tmp_path / "none"), "PYTHONDONTWRITEBYTECODE": "1"}
    nowhere.pop(VARIABLE, None)
    hits = [
        subprocess.run(
            [sys.executable, "-c", CODE, str(tmp_path / "home"), str(installed)],
            capture_output=True, text=True, env=nowhere, check=True,
        ).stdout.strip()
        for _ in range(2)
    ]  # fmt: skip
    assert hits == ["0", "1"]
    assert list((tmp_path / "home" / FOLDER).rglob("*.nbi"))


@pytest.mark.slow
def test_a_first_run_says_that_it_compiles_and_a_second_does_not(home, tmp_path):
    around = {**os.environ, "HARNESS_HOME": str(home), VARIABLE: str(tmp_path / "kernels")}
    for study, compiles in (("a", True), ("b", False)):
        words = ("run", "-g", "bfm", "-G", "identities=1", "-G", f"images_per_id={1 + compiles}",
                 "-j", "1", "-o", study)  # fmt: skip
        code = "from harness.cli.main import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=tmp_path, env=around, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert ("generate  bfm: compiling the renderer" in done.stderr) == compiles
        assert f"contact sheet: {study}/media/sheet-" in done.stderr
