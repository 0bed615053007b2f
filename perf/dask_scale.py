"""What Dask costs and what a second worker gains.

    python perf/dask_scale.py overhead [--shards 5000]
    python perf/dask_scale.py jobs [--identities 200] [--test-images 4000] [--rounds 1]

``overhead`` prints milliseconds a shard of no work, with the local executor beside it, and how much
the memory of the client grew, which is also the scheduler of a local cluster.

``jobs`` runs two commands, each with the local executor (``-j 1``), with one Dask worker and with
two: one renders ``--identities`` x 10 faces, one embeds ``--test-images`` rendered faces by a
network trained for one step. It prints the wall time of each command and of the stage that is
measured (the least of all rounds), the gain of the second worker, and by how much one Dask worker
is slower than the local executor; seconds of CPU show whether other work disturbed it. A
stage holds the start of its component on each worker, so only long jobs show what large ones cost.
"""

from __future__ import annotations

import argparse
import json
import operator
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from harness._plugins.discovery import load
from harness._plugins.lookup import open_executor
from harness.extensions import Setup

GAIN, COST = 1.8, 0.05
YAWS = 13
RENDER = """
[study]
name = "render"
device = "cpu"

[[generator]]
use = "bfm"
identities = {identities}
images_per_id = 10
"""
EMBED = """
[study]
name = "embed"
device = "cpu"

[[generator]]
use = "bfm"
identities = 10
images_per_id = 4

[[model]]
use = "facenet-nn4"
variant = "nn4.small2"
steps = 1
people_per_batch = 4
images_per_person = 4

[[benchmark]]
use = "synthpie"
identities = {people}
folds = 2
pairs_per_fold = 100
factors = {{}}
"""
DASK = """
[executor]
use = "dask"
workers = {workers}
"""


def overhead(name: str, shards: int, jobs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        executor = open_executor(load(), name)
        executor.open(Setup(folders=(Path(folder),), jobs=jobs))
        try:
            warm = sum(1 for _ in executor.run_shards(operator.mul, 3, range(jobs * 8), jobs))
            process = psutil.Process()
            before, start, cpu = process.memory_info().rss, time.perf_counter(), time.process_time()
            peak, count = before, 0
            for _ in executor.run_shards(operator.mul, 3, range(shards), jobs):
                count += 1
                if count % 500 == 0:
                    peak = max(peak, process.memory_info().rss)
            wall = time.perf_counter() - start
            assert count == shards, (count, warm)
            spent = time.process_time() - cpu
            grown = (peak - before) / 2**20
            print(
                f"{name:>6}: {shards} shards in {wall:.1f} s, {1000 * wall / shards:.2f} ms each "
                f"(client {1000 * spent / shards:.2f} ms of CPU), memory {grown:.0f} MiB more"
            )
        finally:
            executor.close()


class Times(NamedTuple):
    """Seconds: of a command, of the stage that is measured, and of processors in all processes."""

    command: float
    stage: float
    cpu: float


def run(folder: Path, recipe: str, stage: str, workers: int, *more: str) -> Times:
    """One command; 0 workers are the local executor."""
    text = recipe + (DASK.format(workers=workers) if workers else "")
    (folder / "recipe.toml").write_text(text)
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", "from harness.cli.main import main; main()", "run", "-c",
         "recipe.toml", "-o", "study", "-j", "1", *more],
        cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "HARNESS_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Times(wall, stage_wall(folder, stage), cpu)


def stage_wall(folder: Path, stage: str) -> float:
    """Seconds of the stage that finished last."""
    lines = (folder / "study" / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    ended = [e for e in events if e["stage"] == stage and e["event"] == "finished"]
    return float(ended[-1]["wall_s"])


def rendered(folder: Path, identities: int, workers: int) -> Times:
    shutil.rmtree(folder / "home", ignore_errors=True)
    return run(folder, RENDER.format(identities=identities), "generate", workers)


def jobs(identities: int, test_images: int, rounds: int) -> None:
    recipe = EMBED.format(people=-(-test_images // YAWS))
    found: dict[tuple[str, int], list[Times]] = {}
    with tempfile.TemporaryDirectory() as at:
        render, embed = Path(at, "render"), Path(at, "embed")
        render.mkdir()
        embed.mkdir()
        run(embed, recipe, "embed", 2)  # all that the embeddings need
        for _ in range(rounds):
            for workers in (0, 1, 2):
                for name, times in (
                    ("render", rendered(render, identities, workers)),
                    ("embed", run(embed, recipe, "embed", workers, "--rerun", "embed")),
                ):
                    found.setdefault((name, workers), []).append(times)
                    print(f"{name:>7}, {workers or 'local':>5}: {times.command:.1f} s, its stage "
                          f"{times.stage:.1f} s, {times.cpu:.1f} s of CPU", flush=True)  # fmt: skip
    for name in ("render", "embed"):
        local, one, two = (Times(*map(min, zip(*found[name, n], strict=True))) for n in (0, 1, 2))
        print(f"{name:>7}: two workers {one.stage / two.stage:.2f}x one in the stage (goal {GAIN}),"
              f" {one.command / two.command:.2f}x in the command; one worker "
              f"{_more(one.command, local.command)} against local in the command (goal "
              f"{100 * COST:.0f} %), {_more(one.stage, local.stage)} in the stage, "
              f"{_more(one.cpu, local.cpu)} of CPU")  # fmt: skip


def _more(value: float, than: float) -> str:
    return f"{100 * (value / than - 1):+.1f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    empty = kinds.add_parser("overhead")
    empty.add_argument("--shards", type=int, default=5000)
    real = kinds.add_parser("jobs")
    real.add_argument("--identities", type=int, default=200)
    real.add_argument("--test-images", type=int, default=4000)
    real.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    if asked.kind == "overhead":
        for name in ("local", "dask"):
            overhead(name, asked.shards, 2)
    else:
        jobs(asked.identities, asked.test_images, asked.rounds)


if __name__ == "__main__":
    main()
