"""SIGKILL at a random moment of each stage; the same command again ends in the same table."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
ARGS = ["run", "-g", "toy-faces", "-G", "sleep_s=0.03", "-m", "toy-net", "-M", "sleep_s=0.01",
        "-M", "steps=12", "-b", "toy-pairs", "-j", "1", "-o", "study"]  # fmt: skip
STAGES = ("generate", "train", "embed", "score")


@pytest.fixture(scope="module")
def command(zygote):
    """Start the run of this file; ``whole`` waits for it."""

    def start(home: Path, cwd: Path, *, whole: bool = False) -> Any:
        environ = {**os.environ, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1"}
        call = zygote.run if whole else zygote.start
        return call(["--plugins-dir", str(TOYS), *ARGS], cwd, environ)

    return start


def wait_for(process: Any, log: Path, stage: str) -> bool:
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


def finish(command: Any, home: Path, cwd: Path) -> dict[str, str]:
    done = command(home, cwd, whole=True)
    assert done.returncode == 0, done.stderr
    return outcome(home, cwd, done.stdout)


def kill_in(command: Any, stage: str, home: Path, cwd: Path, delay_s: float) -> None:
    """Start a run and kill it, workers too, ``delay_s`` after a stage began."""
    process = command(home, cwd)
    if wait_for(process, cwd / "study" / "events.jsonl", stage):
        time.sleep(delay_s)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, command) -> dict[str, str]:
    return finish(command, tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("work"))


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize("stage", STAGES)
def test_killed_in_a_stage(command, stage, undisturbed, home, tmp_path):
    kill_in(command, stage, home, tmp_path, random.SystemRandom().uniform(0, 0.5))
    assert finish(command, home, tmp_path) == undisturbed


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize("attempt", range(10))
@pytest.mark.parametrize("stage", STAGES)
def test_killed_again_and_again(command, stage, attempt, undisturbed, home, tmp_path):
    for _ in range(2):
        kill_in(command, stage, home, tmp_path, random.SystemRandom().uniform(0, 0.8))
    assert finish(command, home, tmp_path) == undisturbed


@pytest.mark.skipif(os.name == "nt", reason="interrupts are sent as POSIX signals")
def test_an_interrupt_keeps_what_is_finished_and_says_how_to_go_on(
    command, undisturbed, home, tmp_path
):
    process = command(home, tmp_path)
    assert wait_for(process, tmp_path / "study" / "events.jsonl", "train")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "resume with: harness --plugins-dir" in errors
    assert "Traceback" not in errors
    assert finish(command, home, tmp_path) == undisturbed
