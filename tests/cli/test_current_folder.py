"""Nothing in the current folder is imported: no plugin, no module, also not by workers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
RUN = ["--plugins-dir", str(TOYS), "run", "-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs",
       "-G", "identities=40", "-j", "2", "-q"]  # fmt: skip
COMMAND = "import sys; del sys.path[0]; from harness.cli.main import main; main()"


@pytest.fixture
def evil(tmp_path):
    """A folder of modules with names of ours, of libraries and of the language, and a plugin."""
    for name in ("harness_plugins", "pluggy", "pydantic", "click", "numpy", "multiprocessing",
                 "evil_plugin", "harnessfile", "conftest", "typing_extensions"):  # fmt: skip
        (tmp_path / f"{name}.py").write_text(f"open('pwned-{name}', 'w').close()\n")
    info = tmp_path / "evil-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[harness]\nevil = evil_plugin\n")
    return tmp_path


@pytest.mark.parametrize(
    "start", [["-m", "harness"], ["-um", "harness"], ["-mharness"], ["-c", COMMAND]], ids="".join
)
def test_no_module_or_plugin_of_the_folder_is_imported(evil, home, start):
    environ = {**os.environ, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1"}
    environ.pop("PYTHONSAFEPATH", None)
    words = RUN if start[0] == "-c" else ["list", "plugins"]
    done = subprocess.run(
        [sys.executable, *start, *words], cwd=evil, env=environ, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert not list(evil.glob("pwned-*"))
    assert done.returncode == 0, done.stderr
    assert "evil" not in done.stdout


def test_other_modules_that_import_harness_keep_their_folder(tmp_path):
    (tmp_path / "tool").mkdir()
    (tmp_path / "tool" / "__init__.py").write_text("import harness\n")
    (tmp_path / "tool" / "__main__.py").write_text("import beside\nprint(beside.__name__)\n")
    (tmp_path / "beside.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "tool", "harness"], cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=60, env={k: v for k, v in os.environ.items() if k != "PYTHONSAFEPATH"},
    )  # fmt: skip
    assert done.stdout == "beside\n", done.stderr


def test_a_recipe_of_the_package_loads_no_plugin_of_the_folder(harness_command, evil):
    harness_command("plan", "-c", "demo", check=None)
    assert not (evil / "pwned-harnessfile").exists()
    (evil / "own.toml").write_text('[[generator]]\nuse = "toy-faces"\n')
    harness_command("plan", "-c", "own.toml")  # beside a recipe that is named it is meant
    assert (evil / "pwned-harnessfile").exists()
