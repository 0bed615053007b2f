"""What every test can ask for: a home of its own, and the toy plugins through the public door."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOYS = Path(__file__).parent / "data" / "toys.py"
REAL = Path(__file__).parents[1].parent / "shared" / "real"


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    """An empty harness home; no test sees the user's."""
    path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HARNESS_HOME", str(path))
    return path


@pytest.fixture
def harness_command(home, tmp_path):
    """Run the command in a process of its own, with the toys, one thread, and no terminal."""

    def run(*args: str, check: int | None = 0, toys: bool = True, **environ: str):
        command = [sys.executable, "-c", "from harness.cli.main import main; main()"]
        if toys:
            command += ["--plugins-dir", str(TOYS)]
        done = subprocess.run(
            [*command, *args],
            cwd=tmp_path,
            env={**os.environ, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1", **environ},
            capture_output=True,
            text=True,
            timeout=300,
        )
        if check is not None:
            assert done.returncode == check, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def official():
    """The module that writes benchmarks in their official layouts (``write_official``)."""
    spec = importlib.util.spec_from_file_location("official_layouts", TOYS.with_name("official.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def real():
    """The folder of real data; the test is skipped where it is absent."""
    if not REAL.is_dir():
        pytest.skip("the real data folder is absent")
    return REAL
