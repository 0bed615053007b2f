"""What was made before modules moved to their rooms still works: a store, a study, plugins."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "data" / "before"
KINDS = ("generator", "model", "benchmark", "aligner")
AGAIN = ("run", "-g", "toy-faces", "-G", "identities=6", "-m", "toy-net", "-M", "steps=4", "-b",
         "toy-pairs", "-B", "identities=20", "-j", "1", "-o", "study")  # fmt: skip


@pytest.fixture
def before(home, tmp_path):
    """The store in the home of this test, the study and its plugin beside each other."""
    with tarfile.open(DATA / "store_and_study.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    shutil.copytree(tmp_path / "home", home, dirs_exist_ok=True)
    return tmp_path


def old(harness_command, *args: str, **options):
    return harness_command("--plugins-dir", "toys_before.py", *args, toys=False, **options)


def test_an_old_study_runs_again_without_making_anything(harness_command, before):
    done = old(harness_command, *AGAIN)
    assert done.stderr.count("reused") == 6, done.stderr
    assert "done in" not in done.stderr
    assert "| toy-faces" in done.stdout
    assert "100.0 % [97.0, 100.0]" in done.stdout


def test_reading_verbs_open_an_old_study(harness_command, before):
    (line,) = old(harness_command, "compare", "study", "study", "--json").stdout.splitlines()
    assert json.loads(line)["verdict"] == "unchanged"
    assert "seed" in old(harness_command, "trace", "study").stdout
    old(harness_command, "report", "study")
    old(harness_command, "rescore", "study")
    assert "0 damaged" in old(harness_command, "store", "verify").stdout


@pytest.mark.parametrize("kind", [pytest.param(k, marks=pytest.mark.slow) for k in KINDS])
def test_a_plugin_package_that_was_written_before_passes_its_checks(home, tmp_path, kind):
    done = checked(home, tmp_path, kind, "check", f"acme-old-{kind}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout or "passed" in done.stdout
    assert f"{kind}.py:" in done.stderr
    assert "imports harness." in done.stderr
    assert "; import it from harness.plugin" in done.stderr


def test_plugin_packages_that_were_written_before_are_found(home, tmp_path):
    for kind in KINDS:
        done = checked(home, tmp_path, kind, "list")
        assert f"acme-old-{kind}" in done.stdout
        assert "cannot" not in done.stdout


def checked(home, tmp_path, kind: str, *args: str) -> subprocess.CompletedProcess[str]:
    """A command beside the package, which is installed by its metadata alone."""
    name, module = f"acme-old-{kind}", f"acme_old_{kind}"
    info = tmp_path / kind / f"{module}-0.1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[harness]\n{name} = {module}\n")
    path = os.pathsep.join((str(tmp_path / kind), str(DATA / "packages")))
    return subprocess.run(
        [sys.executable, "-c", "from harness.cli.main import main; main()", *args],
        env={**os.environ, "PYTHONPATH": path, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1"},
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
