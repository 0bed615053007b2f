"""SIGKILL at a random moment of each stage; the same command again ends in the same table."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
ARGS = ["run", "-g", "toy-faces", "-G", "sleep_s=0.03", "-m", "toy-net", "-M", "sleep_s=0.01",
        "-M", "steps=12", "-b", "toy-pairs", "-j", "1", "-o", "study"]  # fmt: skip
STAGES = ("generate", "train", "embed", "score")


def command(home: Path, cwd: Path) -> subprocess.Popen[str]:
    main = [sys.executable, "-c", "from harness.cli.main import main; main()"]
    environ = {**os.environ, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*main, "--plugins-dir", str(TOYS), *ARGS], cwd=cwd, env=environ, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def wait_for(process: subprocess.Popen[str], log: Path, stage: str) -> bool:
    """Wait until a stage has started; False when the run ended before."""
    while process.poll() is None:
        if log.exists():
            events = [json.loads(line) for line in log.read_text().splitlines()]
            if any(e["stage"] == stage and e["event"] == "started" for e in events):
                return True
        time.sleep(0.005)
    return False


def outcome(home: Path, cwd: Path, table: str) -> dict[str, str]:
    """The printed table and a digest of everything that must be bit-equal."""
    found = {"table": table}
    for pattern in ("store/models/*/*/weights.safetensors", "store/embeddings/*/*/plain.npy"):
        (path,) = home.glob(pattern)
        found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (scores,) = cwd.glob("study/cells/*/scores.arrow")
    found["scores"] = hashlib.sha256(scores.read_bytes()).hexdigest()
    faces = sorted(json.loads(p.read_text())["facts"]["sha256"]
                   for p in home.glob("store/faces/*/*/manifest.json"))  # fmt: skip
    return found | {"faces": " ".join(faces)}


def finish(home: Path, cwd: Path) -> dict[str, str]:
    process = command(home, cwd)
    table, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return outcome(home, cwd, table)


def kill_in(stage: str, home: Path, cwd: Path, delay_s: float) -> None:
    """Start a run and kill it, workers too, ``delay_s`` after a stage began."""
    process = command(home, cwd)
    if wait_for(process, cwd / "study" / "events.jsonl", stage):
        time.sleep(delay_s)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, str]:
    return finish(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("work"))


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize("stage", STAGES)
def test_killed_in_a_stage(stage, undisturbed, home, tmp_path):
    kill_in(stage, home, tmp_path, random.SystemRandom().uniform(0, 0.5))
    assert finish(home, tmp_path) == undisturbed


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize("attempt", range(10))
@pytest.mark.parametrize("stage", STAGES)
def test_killed_again_and_again(stage, attempt, undisturbed, home, tmp_path):
    for _ in range(2):
        kill_in(stage, home, tmp_path, random.SystemRandom().uniform(0, 0.8))
    assert finish(home, tmp_path) == undisturbed


@pytest.mark.skipif(os.name == "nt", reason="interrupts are sent as POSIX signals")
def test_an_interrupt_keeps_what_is_finished_and_says_how_to_go_on(undisturbed, home, tmp_path):
    process = command(home, tmp_path)
    assert wait_for(process, tmp_path / "study" / "events.jsonl", "train")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "go on with: harness --plugins-dir" in errors
    assert "Traceback" not in errors
    assert finish(home, tmp_path) == undisturbed
