"""Real processes killed, stopped and doubled; the same command again ends in the same table."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

pytest.importorskip("distributed")
resource = pytest.importorskip("resource", reason="limits of a process are a POSIX thing")
NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
PLUGINS = [Path(__file__).parents[1] / "data" / name for name in ("toys.py", "finder.py")]
RECIPE = """
[study]
align = "detector"

[[generator]]
use = "toy-faces"
sleep_s = 0.03

[[model]]
use = "toy-net"
sleep_s = 0.02
steps = 30

[[benchmark]]
use = "toy-pairs"
identities = 300

[aligner]
use = "toy-finder"
sleep_s = 0.3
"""
"""1,200 test images: a face set of 240 shards, and two parts each to place and to embed."""

STAGES = ("generate", "place", "train", "embed", "score")
LEASE_S = "2"
ATTEMPTS = 10
posix = pytest.mark.skipif(os.name == "nt", reason="these are POSIX signals")
repeated = pytest.mark.parametrize("attempt", range(ATTEMPTS))


def environ(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HARNESS_HOME": str(home),
        "HARNESS_LEASE_S": LEASE_S,
        "OMP_NUM_THREADS": "1",
        "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "3s",
        "DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT": "1s",
    }


LIMITED = """
import resource, signal
if {limit} is not None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
from distributed.cli.{module} import main
main()
"""
"""A process of Dask; writing more than the limit into a file fails as on a full disk."""


class Cluster:
    """A scheduler and workers without nannies, each a process that can be killed."""

    def __init__(self, home: Path, folder: Path, limits: Sequence[int | None]) -> None:
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
                        "--no-dashboard", "--local-directory", str(folder), limit=limit)
            for limit in limits
        ]  # fmt: skip

    def _start(
        self, module: str, *arguments: str, limit: int | None = None
    ) -> subprocess.Popen[bytes]:
        log = self.log if limit is None else subprocess.DEVNULL  # it could not write there
        return subprocess.Popen(
            [sys.executable, "-c", LIMITED.format(limit=limit, module=module), *arguments],
            env=environ(self.home), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait(30)
        self.log.close()


@contextmanager
def cluster(home: Path, folder: Path, limits: Sequence[int | None] = (None, None)):
    made = Cluster(home, folder, limits)
    try:
        yield made
    finally:
        made.stop()


def command(home: Path, cwd: Path, *more: str) -> subprocess.Popen[str]:
    (cwd / "study.toml").write_text(RECIPE)
    plugins = [word for file in PLUGINS for word in ("--plugins-dir", str(file))]
    return subprocess.Popen(
        [sys.executable, "-c", "from harness.cli.main import main; main()", *plugins, "run",
         "-c", "study.toml", "-j", "1", "-o", "study", *more],
        cwd=cwd, env=environ(home), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


def events(cwd: Path) -> list[dict[str, str]]:
    log = cwd / "study" / "events.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def wait_for(process: subprocess.Popen[str], cwd: Path, stage: str) -> str:
    """The key of a stage that has started; of two to place the one of the benchmark."""
    while process.poll() is None:
        for event in events(cwd):
            which = stage != "place" or event["label"] == "toy-pairs"
            if event["stage"] == stage and event["event"] == "started" and which:
                return event["key"]
        time.sleep(0.01)
    raise AssertionError(process.communicate())


def holder(home: Path, key: str, made: Cluster) -> subprocess.Popen[bytes]:
    """A worker that holds the lease of a key or of a part of it, or the first one."""
    until = time.monotonic() + 3
    while time.monotonic() < until:
        parts = home.glob(f"work/*/{key}*/parts/locks/*.lease")
        for path in (*home.glob(f"locks/{key}.*.lease"), *parts):
            with suppress(OSError, ValueError):
                record = json.loads(path.read_text())
                for worker in made.workers:
                    if worker.pid == record["pid"] and record["state"] == "held":
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


@pytest.fixture(scope="module")
def trained_by_two(tmp_path_factory) -> dict[str, str]:
    home, cwd = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("work")
    return finish(command(home, cwd, "--nproc", "2"), home, cwd)


@posix
@pytest.mark.slow
@repeated
@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_worker_changes_nothing(stage, attempt, undisturbed, home, tmp_path):
    with cluster(home, tmp_path / "dask") as made:
        process = command(home, tmp_path, "--executor", "dask", "--scheduler", made.address)
        key = wait_for(process, tmp_path, stage)
        worker = made.workers[attempt % 2]
        if stage in ("place", "train", "embed"):
            worker = holder(home, key, made)
        time.sleep(0.1 * attempt if stage in ("generate", "place", "train") else 0)
        worker.kill()
        assert finish(process, home, tmp_path) == undisturbed
    lost = [event["message"] for event in events(tmp_path) if event["event"] == "executor"]
    assert any("is lost" in message for message in lost)


@posix
@pytest.mark.slow
@repeated
@pytest.mark.parametrize("stage", ["generate", "place", "train"])
def test_a_killed_scheduler_leaves_a_study_that_goes_on(
    stage, attempt, undisturbed, home, tmp_path
):
    with cluster(home, tmp_path / "dask") as made:
        process = command(home, tmp_path, "--executor", "dask", "--scheduler", made.address)
        wait_for(process, tmp_path, stage)
        time.sleep(0.1 * attempt)
        made.scheduler.kill()
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 1, errors
        assert "the Dask scheduler is lost; finished chunks are saved" in errors
        assert "Traceback" not in errors.split("harness: ")[-1]
    with cluster(home, tmp_path / "dask") as made:
        process = command(home, tmp_path, "--executor", "dask", "--scheduler", made.address)
        assert finish(process, home, tmp_path) == undisturbed


@posix
@pytest.mark.slow
@repeated
@pytest.mark.parametrize("stage", ["generate", "place", "train", "embed"])
def test_a_worker_that_sleeps_beyond_its_lease_is_replaced(
    stage, attempt, undisturbed, home, tmp_path
):
    with cluster(home, tmp_path / "dask") as made:
        process = command(home, tmp_path, "--executor", "dask", "--scheduler", made.address)
        key = wait_for(process, tmp_path, stage)
        worker = made.workers[attempt % 2] if stage == "generate" else holder(home, key, made)
        time.sleep(0.05 * attempt)
        worker.send_signal(signal.SIGSTOP)
        done = finish(process, home, tmp_path)
        worker.send_signal(signal.SIGCONT)  # what it continues with may harm nobody
        time.sleep(3)
        assert done == undisturbed
        assert outcome(home, tmp_path, done["table"]) == undisturbed


@posix
@pytest.mark.slow
@repeated
def test_a_worker_whose_disk_is_full_leaves_a_study_that_goes_on(
    attempt, undisturbed, home, tmp_path
):
    with cluster(home, tmp_path / "dask", limits=(None, 1500 * (attempt + 1))) as made:
        scheduler = ("--executor", "dask", "--scheduler", made.address)
        process = command(home, tmp_path, *scheduler)
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 1, errors
        assert "File too large" in errors
        resource.prlimit(made.workers[1].pid, resource.RLIMIT_FSIZE, NO_LIMIT)
        assert finish(command(home, tmp_path, *scheduler), home, tmp_path) == undisturbed


@posix
@pytest.mark.slow
@repeated
def test_a_killed_rank_is_started_again_on_its_worker(attempt, trained_by_two, home, tmp_path):
    with cluster(home, tmp_path / "dask") as made:
        scheduler = ("--executor", "dask", "--scheduler", made.address)
        process = command(home, tmp_path, "--nproc", "2", *scheduler)
        worker = holder(home, wait_for(process, tmp_path, "train"), made)
        first = ranks(worker)
        time.sleep(0.3 * attempt)
        first[attempt % 2].kill()
        again = ranks(worker, besides=first)
        assert finish(process, home, tmp_path) == trained_by_two
    assert len(again) == 2
    assert not [event for event in events(tmp_path) if "is lost" in event.get("message", "")]


def ranks(
    worker: subprocess.Popen[bytes], besides: Sequence[psutil.Process] = ()
) -> list[psutil.Process]:
    """The two processes of a training on a worker, once both are there."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        children = psutil.Process(worker.pid).children()
        with suppress(psutil.NoSuchProcess):
            fresh = [child for child in children if child not in besides]
            found = [child for child in fresh if "spawn_main" in " ".join(child.cmdline())]
            if len(found) == 2:
                return sorted(found, key=lambda child: child.pid)
        time.sleep(0.05)
    raise AssertionError("no two processes train")


@posix
@pytest.mark.slow
@repeated
def test_two_clients_at_once_make_it_once(attempt, undisturbed, home, tmp_path):
    one = command(home, tmp_path, "--executor", "dask")
    time.sleep(attempt % 5)
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
