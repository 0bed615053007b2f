"""Process groups and Dask workers that must end with the command that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
HARNESS = Path(sys.executable).with_name("harness")
RUN = ["--plugins-dir", str(TOYS), "run", "-g", "toy-faces", "-m", "toy-net", "-M", "steps=100000",
       "-M", "sleep_s=0.02", "-b", "toy-pairs", "-o", "study"]  # fmt: skip
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--no-python"]
SPAWNED, COMMAND = "spawn_main", str(HARNESS)
LIMIT_S = 300

pytestmark = pytest.mark.skipif(os.name == "nt", reason="these are POSIX signals")
ends = pytest.mark.parametrize(
    ("name", "code"),
    [("SIGKILL", -9), ("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)],
)


@pytest.fixture
def start(home, tmp_path):
    """Start a command as a shell does, in a session of its own; kill what is left of it."""
    made = []

    def as_a_shell_starts_it():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    def command(*words):
        process = subprocess.Popen(
            words, cwd=tmp_path, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1"},
            start_new_session=True, preexec_fn=as_a_shell_starts_it,
        )  # fmt: skip
        made.append(process)
        return process

    yield command
    for process in made:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def training(process: subprocess.Popen[str], home: Path, word: str, count: int):
    """All descendants, once ``count`` of them have ``word`` in their command and one trains."""
    parent, end = psutil.Process(process.pid), time.monotonic() + LIMIT_S
    while time.monotonic() < end and process.poll() is None:
        found = parent.children(recursive=True)
        named = [child for child in found if word in " ".join(_words(child))]
        if len(named) >= count and list(home.glob("work/models/*")):
            time.sleep(1)  # in the middle of it
            return parent.children(recursive=True)
        time.sleep(0.1)
    process.kill()
    raise AssertionError(process.communicate())


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def ended(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=60)
    return not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def check(process: subprocess.Popen[str], below: list[psutil.Process], name: str, code: int):
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == code, errors
    assert ended(below)
    if name != "SIGKILL":
        assert "what was finished is kept, resume with: harness" in errors.splitlines()[-1]


@ends
def test_no_process_of_a_group_outlives_its_command(start, home, name, code):
    process = start(str(HARNESS), *RUN, "-j", "1", "--nproc", "2")
    below = training(process, home, SPAWNED, 2)
    check(process, below, name, code)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"])
def test_no_process_of_torchrun_outlives_its_agent(start, home, name):
    process = start(sys.executable, *TORCHRUN, str(HARNESS), *RUN, "-j", "1")
    below = training(process, home, COMMAND, 2)
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode != 0
    assert ended(below)
    assert "ended by SIG" in errors or "interrupted" in errors  # what the command says of it


@pytest.mark.slow
@pytest.mark.parametrize("rank", ["0", "1"])
def test_a_killed_rank_of_torchrun_ends_the_others(start, home, rank):
    process = start(sys.executable, *TORCHRUN, str(HARNESS), *RUN, "-j", "1")
    below = training(process, home, COMMAND, 2)
    (victim,) = (one for one in below if one.environ().get("RANK") == rank)
    victim.kill()
    process.communicate(timeout=LIMIT_S)
    assert process.returncode != 0
    assert ended(below)


@pytest.mark.slow
@ends
@pytest.mark.parametrize("nproc", ["1", "2"])
def test_no_dask_worker_outlives_its_client(start, home, name, code, nproc):
    pytest.importorskip("distributed")
    words = [*RUN, "-j", "2", "--executor", "dask", "--nproc", nproc]
    process = start(str(HARNESS), *words)
    below = training(process, home, SPAWNED, 2 if nproc == "1" else 4)
    check(process, below, name, code)


@pytest.mark.slow
def test_a_signal_to_the_whole_group_ends_it_too(start, home):
    process = start(str(HARNESS), *RUN, "-j", "1", "--nproc", "2")
    below = training(process, home, SPAWNED, 2)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130, errors
    assert ended(below)
