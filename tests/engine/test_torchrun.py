"""``harness run`` under torchrun: the processes of two machines, here both on one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
HARNESS = Path(sys.executable).with_name("harness")
RUN = ("run", "-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs", "-j", "1")
LIMIT_S = 300
FIRST = {"TORCHELASTIC_RUN_ID": "x", "RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0",
         "LOCAL_WORLD_SIZE": "2"}  # fmt: skip
FAR = """
from harness.plugin import hookimpl
from harness.executors.local import LocalExecutor
from harness.extensions import Extension

class Far(LocalExecutor):
    remote = True

@hookimpl
def harness_executors():
    return [Extension(name="far", target=f"{__name__}:Far", summary="workers of its own")]
"""


@pytest.fixture
def torchrun(home, tmp_path):
    """Start the agent of one machine."""

    def start(*agent, args=RUN, **environ):
        words = [sys.executable, "-m", "torch.distributed.run", *agent, "--no-python",
                 str(HARNESS), "--plugins-dir", str(TOYS), *args]  # fmt: skip
        around = {**os.environ, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1", **environ}
        return subprocess.Popen(
            words, cwd=tmp_path, env=around, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    return start


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def only_model(home):
    (model,) = home.glob("store/models/*/*")
    facts = json.loads((model / "manifest.json").read_text())["facts"]
    return facts, load_file(model / "weights.safetensors")


def test_two_machines_train_what_two_processes_of_one_do(
    torchrun, home, harness_command, tmp_path_factory
):
    place = f"127.0.0.1:{free_port()}"
    meeting = ("--nnodes", "2", "--nproc-per-node", "1", "--rdzv-backend", "c10d",
               "--rdzv-endpoint", place)  # fmt: skip
    machines = [torchrun(*meeting), torchrun(*meeting)]
    said = [machine.communicate(timeout=LIMIT_S) for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0], said
    assert sum("accuracy" in out for out, _ in said) == 1  # the first alone prints the table
    facts, weights = only_model(home)
    assert (facts["processes"], facts["steps"]) == (2, 12)
    other = tmp_path_factory.mktemp("other")
    harness_command(*RUN, "--nproc", "2", HARNESS_HOME=str(other))
    expected = only_model(other)[1]
    assert expected.keys() == weights.keys()
    assert all(torch.equal(expected[name], weights[name]) for name in expected)


@pytest.mark.slow
def test_a_second_run_reuses_everything(torchrun, home):
    here = ("--standalone", "--nproc-per-node", "2")
    for again in (False, True):
        machine = torchrun(*here)
        out, err = machine.communicate(timeout=LIMIT_S)
        assert machine.returncode == 0, err
        assert "accuracy" in out
        assert ("train  toy-faces > toy-net  reused" in err) == again


def test_an_executor_with_workers_of_its_own_is_refused(harness_command, tmp_path):
    (tmp_path / "far.py").write_text(FAR)
    done = harness_command("--plugins-dir", "far.py", *RUN, "--executor", "far", check=2, **FIRST)
    assert "torchrun and the executor far both share out the work; leave one of" in done.stderr


def test_what_torchrun_does_not_say_is_named(harness_command):
    said = {name: value for name, value in FIRST.items() if name != "LOCAL_RANK"}
    done = harness_command(*RUN, check=3, **said)
    assert "torchrun's variables LOCAL_RANK are not set; start the command by" in done.stderr


@pytest.mark.slow
def test_after_a_killed_process_torchrun_starts_all_again_and_the_weights_are_the_same(
    torchrun, home, tmp_path_factory
):
    here = ("--standalone", "--nproc-per-node", "2", "--max-restarts", "1")
    # Long enough to be met at work; a checkpoint is written every minute, so it starts again.
    longer = (*RUN, "-M", "steps=3000")
    machine = torchrun(*here, args=longer)
    follower = _process(machine.pid, rank=1)
    _wait_for(lambda: list(home.glob("work/models/*")))  # the training has begun
    time.sleep(2)
    os.kill(follower, signal.SIGKILL)
    _, err = machine.communicate(timeout=LIMIT_S)
    assert machine.returncode == 0, err
    weights = only_model(home)[1]
    other = tmp_path_factory.mktemp("other")
    undisturbed = torchrun(*here, args=longer, HARNESS_HOME=str(other))
    undisturbed.communicate(timeout=LIMIT_S)
    expected = only_model(other)[1]
    assert all(torch.equal(expected[name], weights[name]) for name in expected)


def _process(agent, rank):
    """The process of a rank, by what torchrun put into its environment."""
    found = []

    def look():
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "environ").read_bytes().split(b"\0")
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if f"RANK={rank}".encode() in words and int(parent) == agent:
                found.append(int(folder.name))
        return found

    _wait_for(look)
    return found[0]


def _wait_for(condition):
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)
