"""What every test can ask for: a home of its own, and the toy plugins through the public door."""

from __future__ import annotations

import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

TOYS = Path(__file__).parent / "data" / "toys.py"
LIMIT_S = 900
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
REAL = Path(__file__).parents[1].parent / "shared" / "real"


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    """An empty harness home; no test sees the user's."""
    path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HARNESS_HOME", str(path))
    return path


class Zygote:
    """Forks of a process that has the libraries loaded; see ``data/zygote.py``."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(TOYS.with_name("zygote.py"))],
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self, args: Sequence[str], cwd: Path, environ: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            request = {"args": args, "cwd": str(cwd), "environ": dict(environ), "out": str(out),
                       "err": str(err)}  # fmt: skip
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            if not select.select([self._process.stdout], [], [], LIMIT_S)[0]:
                os.killpg(self._process.pid, signal.SIGKILL)
            status = self._process.stdout.readline()
            assert status, f"no answer in {LIMIT_S} s, or the process that runs commands has died"
            return subprocess.CompletedProcess(
                list(args), int(status), out.read_text("utf-8"), err.read_text("utf-8")
            )

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="session")
def zygote():
    made = Zygote()
    yield made
    made.close()


@pytest.fixture
def harness_command(home, tmp_path, zygote):
    """Run the command in a process of its own, with the toys, one thread, and no terminal."""

    def run(*args: str, check: int | None = 0, toys: bool = True, **environ: str):
        words = [*(["--plugins-dir", str(TOYS)] if toys else []), *args]
        around = {**os.environ, "HARNESS_HOME": str(home), **ONE_THREAD, **environ}
        done = zygote.run(words, tmp_path, around)
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
