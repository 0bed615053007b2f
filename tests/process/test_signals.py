"""Ends that others choose: signals, a killed parent, a limit on memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.process import signals

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
ARGS = ["run", "-g", "toy-faces", "-G", "identities=40", "-m", "toy-net", "-M", "steps=4", "-b",
        "toy-pairs", "-o", "study"]  # fmt: skip


@pytest.fixture
def start(home, tmp_path, zygote):
    """Start a run with two workers that takes its time."""
    environ = {**os.environ, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1"}
    return lambda: zygote.start(
        ["--plugins-dir", str(TOYS), *ARGS, "-G", "sleep_s=0.3", "-j", "2"], tmp_path, environ
    )


def workers(process: Any, count: int) -> list[psutil.Process]:
    """The worker processes of a pool, once they are there."""
    parent, end = psutil.Process(process.pid), time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        found = [child for child in parent.children() if "spawn_main" in " ".join(child.cmdline())]
        if len(found) >= count:
            time.sleep(2)  # let them import and take up a shard
            return found
        time.sleep(0.05)
    raise AssertionError(process.communicate())


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_signal_ends_in_a_sentence_with_no_worker_left(start, name, code):
    process = start()
    children = workers(process, 2)
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    last = errors.strip().splitlines()[-1]
    assert "what was finished is kept, resume with: harness" in last
    assert name in last or name == "SIGINT"
    assert "Traceback" not in errors
    assert gone(children)


def test_workers_end_with_a_parent_that_is_killed(start):
    process = start()
    children = workers(process, 2)
    process.kill()
    process.communicate()
    assert gone(children)


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.getsignal(signal.SIGHUP)
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signals.listen()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_fails_after_a_signal_can_be_told_from_what_fails_before(monkeypatch):
    monkeypatch.setattr(signals, "_arrived", [])
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert not signals.ended()
        with pytest.raises(signals.EndedError):
            signals._end(signal.SIGTERM, None)
        assert signals.ended()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_codes_are_those_of_shells():
    assert signals.EndedError(signal.SIGTERM).exit_code == 143
    assert signals.EndedError(signal.SIGHUP).exit_code == 129


def test_a_report_is_written_where_the_address_space_is_limited(home, tmp_path):
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30));"
        "from harness.cli.main import main; main()"
    )
    environ = {**os.environ, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, "--plugins-dir", str(TOYS), *ARGS, "-j", "1"],
        cwd=tmp_path, env=environ, text=True, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "| toy-faces" in done.stdout
    page = (tmp_path / "study/report/index.html").read_text()
    assert "pictures cannot be drawn" in page
    assert "toy-pairs" in page
