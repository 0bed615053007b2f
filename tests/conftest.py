"""What every test can ask for: a home of its own, and the toy plugins through the public door."""

from __future__ import annotations

import importlib.util
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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
        self, args: Sequence[str], cwd: Path, environ: Mapping[str, str], **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """The command, when it has ended."""
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            status = self.ask(**_command(args, cwd, environ, out, err), **more)
            return subprocess.CompletedProcess(
                list(args), status, out.read_text("utf-8"), err.read_text("utf-8")
            )

    def start(self, args: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> Started:
        """The command at work, in a session of its own."""
        return Started(self, args, cwd, environ)

    def ask(self, **request: Any) -> Any:
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], LIMIT_S)[0]:
            os.killpg(self._process.pid, signal.SIGKILL)
        answer = self._process.stdout.readline()
        assert answer, f"no answer in {LIMIT_S} s, or the process that runs commands has died"
        return json.loads(answer)

    def close(self) -> None:
        self._process.communicate()


def _command(
    args: Sequence[str], cwd: Path, environ: Mapping[str, str], out: Path, err: Path
) -> dict[str, Any]:
    return {
        "args": list(args), "cwd": str(cwd), "environ": dict(environ), "out": str(out),
        "err": str(err),
    }  # fmt: skip


class Started:
    """A command at work, with what tests use of ``subprocess.Popen``."""

    def __init__(
        self, zygote: Zygote, args: Sequence[str], cwd: Path, environ: Mapping[str, str]
    ) -> None:
        self._zygote, self._folder = zygote, tempfile.TemporaryDirectory()
        self.returncode: int | None = None
        request = _command(args, cwd, environ, *self._files())
        self.pid = int(zygote.ask(**request, started=True))

    def _files(self) -> tuple[Path, Path]:
        return Path(self._folder.name, "out"), Path(self._folder.name, "err")

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it works."""
        if self.returncode is None:
            self.returncode = self._zygote.ask(poll=self.pid)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float = LIMIT_S) -> tuple[str, str]:
        """What it wrote to standard output and error, when it has ended."""
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                os.killpg(self.pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired("harness", timeout)
            time.sleep(0.01)
        out, err = (path.read_text("utf-8") for path in self._files())
        self._folder.cleanup()
        return out, err


@pytest.fixture(scope="session")
def zygote():
    made = Zygote()
    yield made
    made.close()


@pytest.fixture(scope="session")
def made_model(tmp_path_factory, zygote):
    """The store of a home in which bfm has made the model that it renders without a file."""
    folder = tmp_path_factory.mktemp("made-model")
    words = ["run", "-g", "bfm", "-G", "identities=1", "-G", "images_per_id=1", "-j", "1"]
    done = zygote.run(words, folder, {**os.environ, "HARNESS_HOME": str(folder), **ONE_THREAD})
    assert done.returncode == 0, done.stderr
    return folder / "store"


@pytest.fixture
def embedded_model(home, made_model):
    """A home that has that model, as most have; making it takes seconds."""
    shutil.copytree(made_model / "parts", home / "store" / "parts", copy_function=os.link)


@pytest.fixture
def libraries() -> tuple[str, ...]:
    """Libraries that the commands of a file need besides those that all need."""
    return ()


@pytest.fixture
def harness_command(home, tmp_path, zygote, libraries):
    """Run the command in a process of its own, with the toys, one thread, and no terminal."""

    def run(*args: str, check: int | None = 0, toys: bool = True, **environ: str):
        words = [*(["--plugins-dir", str(TOYS)] if toys else []), *args]
        around = {**os.environ, "HARNESS_HOME": str(home), **ONE_THREAD, **environ}
        done = zygote.run(words, tmp_path, around, loaded=libraries)
        if check is not None:
            assert done.returncode == check, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def here(capsys, monkeypatch, tmp_path):
    """Run the command with the toys in ``tmp_path``; its imports are paid once for all tests."""
    from harness.cli.main import run

    monkeypatch.chdir(tmp_path)

    def command(*args, check=0, toys=True):
        capsys.readouterr()
        code = run([*(("--plugins-dir", str(TOYS)) if toys else ()), *args])
        said = capsys.readouterr()
        assert code == check, said
        return SimpleNamespace(stdout=said.out, stderr=said.err)

    return command


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
