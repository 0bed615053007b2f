"""What a user reads when a signal ends a run on a Dask cluster: one sentence, no log of Dask."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("distributed")
from harness_plugins.executors.dask import farewell

TOYS = Path(__file__).parents[3] / "data" / "toys.py"
ARGS = ["run", "-g", "toy-faces", "-G", "sleep_s=0.2", "-G", "identities=60", "-m", "toy-net",
        "-b", "toy-pairs", "--executor", "dask", "-j", "2", "-o", "study"]  # fmt: skip


def test_records_are_dropped_only_while_the_run_ends(caplog):
    ending = False
    log = logging.getLogger("asyncio")
    undo = farewell.quiet(lambda: ending)
    log.error("before")
    ending = True
    log.error("within")
    undo()
    log.error("after")
    assert [record.message for record in caplog.records] == ["before", "after"]


def test_records_of_loggers_below_are_dropped_at_the_handler():
    seen: list[str] = []

    class Listing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    parent, handler = logging.getLogger("distributed"), Listing()
    parent.addHandler(handler)
    try:
        undo = farewell.quiet(lambda: True)
        logging.getLogger("distributed.scheduler").error("within")
        undo()
        logging.getLogger("distributed.scheduler").error("after")
    finally:
        parent.removeHandler(handler)
    assert seen == ["after"]
    assert not handler.filters


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="groups of processes are a POSIX thing")
@pytest.mark.parametrize("moment", ["starting", "running"])
@pytest.mark.parametrize("whom", ["process", "group"])
def test_a_signal_ends_in_one_sentence(home, tmp_path, moment, whom):
    process = subprocess.Popen(
        [sys.executable, "-c", "from harness.cli.main import main; main()", "--plugins-dir",
         str(TOYS), *ARGS],
        cwd=tmp_path, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "HARNESS_HOME": str(home)}, start_new_session=True,
    )  # fmt: skip
    log = tmp_path / "study" / "events.jsonl"
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if moment == "starting" and len(children(process.pid)) > 1:
            break
        if moment == "running" and log.exists() and '"started"' in log.read_text():
            time.sleep(1)
            break
        time.sleep(0.02)
    (os.killpg if whom == "group" else os.kill)(process.pid, signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 143, errors
    lines = [line for line in errors.splitlines() if line.strip()]
    assert lines[-1].startswith("harness: ended by SIGTERM; what was finished is kept")
    for noise in ("Traceback", "distributed.", "FAILED", "never retrieved", "is lost"):
        assert noise not in errors, errors
    assert not list((tmp_path / "study").rglob("failed-*.json"))


def children(pid: int) -> list[str]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return found.stdout.split()
