"""What travels to another process, and the sessions that are opened from it."""

from __future__ import annotations

import ast
import json
import os
import pickle
import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

import harness
from harness._plugins.discovery import load
from harness._plugins.registry import SWITCHED_OFF
from harness.api import make_plan
from harness.engine.job import Job
from harness.engine.session import Session
from harness.engine.stages import train
from harness.recipe.run_options import RunOptions
from harness.store import artifacts
from harness.store.artifacts import Store
from harness.training.distributed import Ranks

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
WHOLE = {"generator": "toy-faces", "model": "toy-net", "bench": "toy-pairs"}
ELSEWHERE = """
import json, pickle, sys
from harness.engine.session import Session
job = pickle.loads(open(sys.argv[1], "rb").read())
session = Session.open(job)
(node,) = job.plan.nodes.values()
generator, ctx = session.generator(node)
print(json.dumps([node.key, type(generator).__module__, ctx.seed, str(session.folder),
                  session.jobs, session.store.shared, len(session.registry.plugins) > 20,
                  session.job.options.nproc]))
"""


@pytest.fixture(scope="module")
def registry():
    return load(plugins_dirs=[TOYS])


@pytest.fixture
def job(registry, home, tmp_path):
    options = RunOptions(**WHOLE, jobs=3, nproc=2, plugins_dirs=[TOYS], study=tmp_path / "study")
    return Job.of(make_plan(options, registry, Store(home)), Store(home, shared=True), options)


def node(job, stage):
    return next(n for n in job.plan.nodes.values() if n.stage == stage)


def test_paths_of_a_job_are_absolute_elsewhere_and_processors_counted(
    registry, home, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(TOYS.read_text())
    options = RunOptions(**WHOLE, plugins_dirs=["own.py"], study="there")
    made = Job.of(make_plan(options, registry, Store(home)), Store(home), options)
    assert made.folder == Path("there")  # as the user wrote it, for messages
    assert pickle.loads(pickle.dumps(made)).folder == tmp_path / "there"  # noqa: S301 (own bytes)
    assert made.plugin_files == (tmp_path / "own.py",)
    assert made.options.jobs >= 1
    assert made.home.is_absolute()


def test_a_job_arrives_whole_in_a_process_that_knows_no_plugin(job, tmp_path):
    """Parameters are classes of a single-file plugin, which a fresh process has not imported."""
    own = job.only(node(job, "generate"))
    (tmp_path / "job").write_bytes(pickle.dumps(own))
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(tmp_path / "job")],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    key, module, seed, folder, jobs, shared, plugins, nproc = json.loads(done.stdout)
    assert (key, module) == (node(job, "generate").key, "harness_file_toys")
    assert (seed, folder, jobs, shared, nproc) == (0, str(tmp_path / "study"), 3, True, 2)
    assert plugins


def test_a_job_is_the_same_after_its_travel(job):
    again = pickle.loads(pickle.dumps(job))  # noqa: S301 (own bytes)
    assert again == job
    assert again.options == job.options


def test_a_part_of_a_job_holds_nothing_else(job):
    (cell,) = job.plan.cells
    assert job.only_cell(cell).plan.nodes == {}
    assert job.only_cell(cell).plan.cells == (cell,)
    embed = node(job, "embed")
    assert list(job.only(embed).plan.nodes) == [embed.key]
    assert job.only(embed).plan.cells == ()


def test_nodes_know_their_worker_and_their_benchmark(job):
    found = {
        (n.stage, n.label): (n.worker and n.worker.name, n.benchmark and n.benchmark.name)
        for n in job.plan.nodes.values()
    }
    assert found == {
        ("generate", "toy-faces"): ("toy-faces", None),
        ("generate", "toy-faces for toy-pairs (faces)"): ("toy-faces", None),
        ("place", "toy-faces"): (None, None),
        ("train", "toy-faces > toy-net"): ("toy-net", None),
        ("place", "toy-pairs"): (None, "toy-pairs"),
        ("embed", "toy-faces > toy-net > toy-pairs"): ("toy-net", "toy-pairs"),
    }


def test_plugins_that_were_switched_off_stay_off_elsewhere(registry, home):
    options = RunOptions(**WHOLE, disabled="mlflow", plugins_dirs=[TOYS])
    made = Job.of(make_plan(options, registry, Store(home)), Store(home), options)
    session = Session.open(pickle.loads(pickle.dumps(made)))  # noqa: S301 (own bytes)
    off = [row.name for row in session.registry.plugins if row.reason == SWITCHED_OFF]
    assert off == ["mlflow"]


def test_two_machines_that_train_do_not_make_one_artifact_at_once(job, monkeypatch):
    """Locks of the operating system do not reach the other machine; leases do."""
    monkeypatch.setattr(artifacts, "file_lock", lambda *_: nullcontext())
    at_work, both = [], []
    held, go_on = threading.Event(), threading.Event()

    def build(folder):
        at_work.append(folder)
        both.append(len(at_work))
        held.set()
        go_on.wait(20)
        at_work.remove(folder)

    def trains(node, session, folder, ranks, progress):
        session.context(node.component, seed=1).artifact("table", {"of": "both"}, build)
        return SimpleNamespace(notes=[])

    monkeypatch.setattr(train, "_train", trains)
    task = job.only(node(job, "train")), job.folder
    machines = [
        threading.Thread(target=train.train_rank, args=(task, Ranks(rank, 2), lambda _: None))
        for rank in (0, 1)
    ]
    machines[0].start()
    assert held.wait(20)
    machines[1].start()
    machines[1].join(1.0)
    go_on.set()
    for machine in machines:
        machine.join(30)
    assert both == [1]


@pytest.mark.parametrize(
    ("name", "only"),
    [
        ("Session", set()),  # Session.open alone
        ("RunContext", {"engine/opener.py"}),
        ("Job", {"engine/job.py"}),  # Job.of, and what arrives
    ],
)
def test_sessions_and_contexts_are_made_in_one_place(name, only):
    root = Path(harness.__file__).parent
    calls = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name
    }
    assert calls == only
