"""Real processes killed, stopped and doubled; the same command again ends in the same table."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("distributed")
TOYS = Path(__file__).parents[1] / "data" / "toys.py"
RUN = ("run", "-g", "toy-faces", "-G", "sleep_s=0.03", "-m", "toy-net", "-M", "sleep_s=0.02",
       "-M", "steps=30", "-b", "toy-pairs", "-j", "1", "-o", "study")  # fmt: skip
STAGES = ("generate", "place", "train", "embed", "score")
LEASE_S = "2"
ATTEMPTS = 2
posix = pytest.mark.skipif(os.name == "nt", reason="these are POSIX signals")


def environ(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HARNESS_HOME": str(home),
        "HARNESS_LEASE_S": LEASE_S,
        "OMP_NUM_THREADS": "1",
        "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "3s",
        "DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT": "1s",
    }


class Cluster:
    """A scheduler and workers without nannies, each a process that can be killed."""

    def __init__(self, home: Path, folder: Path, workers: int = 2) -> None:
        folder.mkdir(exist_ok=True)
        self.home, self.log = home, (folder / "cluster.txt").open("a")
        file = folder / "scheduler.json"
        file.unlink(missing_ok=True)
        self.scheduler = self._start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
            "--scheduler-file", str(file),
        )  # fmt: skip
        while not file.exists():
            assert self.scheduler.poll() is None
            time.sleep(0.1)
        time.sleep(0.2)
        self.address = json.loads(file.read_text())["address"]
        self.workers = [
            self._start("dask_worker", self.address, "--nthreads", "1", "--no-nanny",
                        "--no-dashboard", "--local-directory", str(folder))
            for _ in range(workers)
        ]  # fmt: skip

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
            env=environ(self.home), stdout=self.log, stderr=self.log, start_new_session=True,
        )  # fmt: skip

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait(30)
        self.log.close()


@contextmanager
def cluster(home: Path, folder: Path, workers: int = 2):
    made = Cluster(home, folder, workers)
    try:
        yield made
    finally:
        made.stop()


def command(home: Path, cwd: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from harness.cli.main import main; main()", "--plugins-dir",
         str(TOYS), *RUN, *more],
        cwd=cwd, env=environ(home), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


def events(cwd: Path) -> list[dict[str, str]]:
    log = cwd / "study" / "events.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def wait_for(process: subprocess.Popen[str], cwd: Path, stage: str) -> str:
    """The key of a stage that has started."""
    while process.poll() is None:
        for event in events(cwd):
            if event["stage"] == stage and event["event"] == "started":
                return event["key"]
        time.sleep(0.01)
    raise AssertionError(process.communicate())


def holder(home: Path, key: str, made: Cluster) -> subprocess.Popen[bytes]:
    """The worker that holds the lease of a key, or the first one."""
    until = time.monotonic() + 2
    while time.monotonic() < until:
        for path in home.glob(f"locks/{key}.*.lease"):
            pid = json.loads(path.read_text() or "{}").get("pid")
            for worker in made.workers:
                if worker.pid == pid:
                    return worker
        time.sleep(0.01)
    return made.workers[0]


def outcome(home: Path, cwd: Path, table: str) -> dict[str, str]:
    found = {"table": table}
    for pattern in ("faces/*/*/shard-*", "placements/*/*/*.arrow", "embeddings/*/*/*.npy",
                    "models/*/*/weights.safetensors"):  # fmt: skip
        for path in home.glob(f"store/{pattern}"):
            found[str(path.relative_to(home))] = hashlib.sha256(path.read_bytes()).hexdigest()
    (scores,) = cwd.glob("study/cells/*/scores.arrow")
    return found | {"scores": hashlib.sha256(scores.read_bytes()).hexdigest()}


def finish(process: subprocess.Popen[str], home: Path, cwd: Path) -> dict[str, str]:
    table, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return outcome(home, cwd, table)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, str]:
    home, cwd = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("work")
    return finish(command(home, cwd), home, cwd)


@posix
@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(ATTEMPTS))
@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_worker_changes_nothing(stage, attempt, undisturbed, home, tmp_path):
    with cluster(home, tmp_path / "dask") as made:
        process = command(home, tmp_path, "--executor", "dask", "--scheduler", made.address)
        key = wait_for(process, tmp_path, stage)
        worker = holder(home, key, made) if stage in ("train", "embed") else made.workers[attempt]
        time.sleep(0.2 * attempt)
        worker.kill()
        assert finish(process, home, tmp_path) == undisturbed
    lost = [event["message"] for event in events(tmp_path) if event["event"] == "executor"]
    assert any("is lost" in message for message in lost)


@posix
@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(ATTEMPTS))
@pytest.mark.parametrize("stage", ["generate", "train"])
def test_a_killed_scheduler_leaves_a_study_that_goes_on(
    stage, attempt, undisturbed, home, tmp_path
):
    with cluster(home, tmp_path / "dask") as made:
        process = command(home, tmp_path, "--executor", "dask", "--scheduler", made.address)
        wait_for(process, tmp_path, stage)
        time.sleep(0.3 * attempt)
        made.scheduler.kill()
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 1, errors
        assert "the Dask scheduler is lost; finished parts are kept" in errors
        assert "Traceback" not in errors.split("harness: ")[-1]
    with cluster(home, tmp_path / "dask") as made:
        process = command(home, tmp_path, "--executor", "dask", "--scheduler", made.address)
        assert finish(process, home, tmp_path) == undisturbed


@posix
@pytest.mark.slow
@pytest.mark.parametrize("stage", ["generate", "train"])
def test_a_worker_that_sleeps_beyond_its_lease_is_replaced(stage, undisturbed, home, tmp_path):
    with cluster(home, tmp_path / "dask") as made:
        process = command(home, tmp_path, "--executor", "dask", "--scheduler", made.address)
        key = wait_for(process, tmp_path, stage)
        worker = holder(home, key, made) if stage == "train" else made.workers[0]
        time.sleep(0.3)
        worker.send_signal(signal.SIGSTOP)
        done = finish(process, home, tmp_path)
        worker.send_signal(signal.SIGCONT)  # what it goes on with may harm nobody
        time.sleep(3)
        assert done == undisturbed
        assert outcome(home, tmp_path, done["table"]) == undisturbed


@posix
@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(ATTEMPTS))
def test_two_clients_at_once_make_it_once(attempt, undisturbed, home, tmp_path):
    one = command(home, tmp_path, "--executor", "dask")
    time.sleep(attempt)
    two = command(home, tmp_path, "--executor", "dask")
    assert finish(one, home, tmp_path) == undisturbed
    assert finish(two, home, tmp_path) == undisturbed


@posix
@pytest.mark.slow
def test_a_client_that_is_killed_frees_its_keys(undisturbed, home, tmp_path):
    with cluster(home, tmp_path / "dask") as made:
        scheduler = ("--executor", "dask", "--scheduler", made.address)
        process = command(home, tmp_path, *scheduler)
        wait_for(process, tmp_path, "generate")
        time.sleep(0.3)
        process.kill()
        process.communicate()
        assert finish(command(home, tmp_path, *scheduler), home, tmp_path) == undisturbed
    assert finish(command(home, tmp_path), home, tmp_path) == undisturbed
