"""What every executor must do; each built-in one is held to it."""

from __future__ import annotations

import hashlib
import json
import operator
import os
import signal
import time
from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness._plugins.lookup import open_executor
from harness.extensions import Setup

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
EXECUTORS = ("local", "dask")
RUN = ("run", "-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs", "-j", "2", "-o", "study")


@pytest.fixture(params=EXECUTORS)
def name(request):
    if request.param == "dask":
        pytest.importorskip("distributed")
    return request.param


@pytest.fixture
def executor(name, home, tmp_path):
    made = open_executor(load(), name)
    made.open(Setup(folders=(home, tmp_path / "study"), jobs=2))
    yield made
    made.close()


def outcome(home: Path, study: Path) -> dict[str, str]:
    """Digests of everything that must be equal wherever it was made."""
    found = {}
    for pattern in (
        "store/faces/*/*/shard-*",
        "store/placements/*/*/*.arrow",
        "store/models/*/*/weights.safetensors",
        "store/embeddings/*/*/*.npy",
    ):
        for path in home.glob(pattern):
            found[str(path.relative_to(home))] = hashlib.sha256(path.read_bytes()).hexdigest()
    for path in study.glob("cells/*/scores.arrow"):
        found[str(path.relative_to(study))] = hashlib.sha256(path.read_bytes()).hexdigest()
    for path in study.glob("cells/*/result.json"):
        result = json.loads(path.read_text())
        found["metrics"] = json.dumps(result["metrics"])
        found["keys"] = json.dumps(result["provenance"]["inputs"])
    return found


def test_every_shard_is_answered_once(executor):
    shards = [*range(150), 900, 700]
    answers = list(executor.run_shards(operator.mul, 3, shards, 2))
    assert sorted(answers) == sorted((shard, 3 * shard) for shard in shards)
    assert list(executor.run_shards(operator.mul, 3, [], 2)) == []


def test_an_error_is_raised_as_it_is_and_the_executor_goes_on(executor):
    with pytest.raises(ZeroDivisionError, match="integer"):
        list(executor.run_shards(operator.floordiv, 7, [1, 0, 2, 3], 2))
    assert sorted(executor.run_shards(operator.floordiv, 7, [1, 2], 2)) == [(1, 7), (2, 3)]


def test_a_reader_that_stops_early_stops_it(executor):
    reader = executor.run_shards(operator.mul, 3, list(range(10_000)), 2)
    assert next(reader)[1] % 3 == 0
    reader.close()
    assert list(executor.run_shards(operator.mul, 2, [5], 2)) == [(5, 10)]


def test_a_stage_answers(executor):
    heard = []
    assert executor.run_stage(operator.is_, 4, {}, heard.append) is False
    with pytest.raises(TypeError):
        executor.run_stage(operator.not_, 4, {}, heard.append)


def at(shared, index):
    return shared[index]


def test_what_a_stage_works_on_may_be_large_and_several_are_at_once(executor):
    """A megabyte each; two streams of shards take turns, and neither sees what the other has."""
    large = [bytes([number]) * 1_000_000 for number in (1, 2)]
    streams = [executor.run_shards(at, some, range(40), 2) for some in large]
    found = [pair for pairs in zip(*streams, strict=True) for pair in pairs]
    assert [answer for _, answer in found[::2]] == [1] * 40
    assert [answer for _, answer in found[1::2]] == [2] * 40


def one_of(shared, part, tell):
    tell([part, "begun"])
    return shared // part


def test_every_part_is_answered_once_and_heard(executor):
    heard = []
    parts = [*range(1, 80), 400]
    answers = list(executor.run_parts(one_of, 400, parts, {}, heard.append))
    assert sorted(answers) == [(part, 400 // part) for part in parts]
    assert {tuple(message) for message in heard} <= {(part, "begun") for part in parts}
    assert list(executor.run_parts(one_of, 3, [], {}, heard.append)) == []
    with pytest.raises(ZeroDivisionError):
        list(executor.run_parts(one_of, 7, [1, 0, 2], {}, heard.append))


PARTS = """
[study]
align = "detector"

[[model]]
use = "toy-slow"

[[benchmark]]
use = "toy-pairs"
identities = 300
flip = "add"

[aligner]
use = "toy-finder"
"""


@pytest.mark.slow
def test_stages_in_parts_are_the_same(name, harness_command, home, tmp_path):
    """1,200 images: two parts each to place and to embed."""
    if name == "local":
        pytest.skip("it is what the others are compared with")
    (tmp_path / "parts.toml").write_text(PARTS)
    tables, found = [], []
    for each in ("local", name):
        done = harness_command(
            "--plugins-dir", str(TOYS.with_name("finder.py")), "run", "-c", "parts.toml", "-j", "2",
            "-o", each, "--executor", each, HARNESS_HOME=str(home / each),
        )  # fmt: skip
        tables.append(done.stdout)
        found.append(outcome(home / each, tmp_path / each))
    assert tables[0] == tables[1]
    assert found[0] == found[1]
    assert len([path for path in found[0] if "embeddings" in path]) == 3


def test_the_study_is_the_same(name, harness_command, home, tmp_path):
    if name == "local":
        pytest.skip("it is what the others are compared with")
    tables, found = [], []
    for each in ("local", name):
        own = home / each
        done = harness_command(*RUN[:-1], each, "--executor", each, HARNESS_HOME=str(own))
        tables.append(done.stdout)
        found.append(outcome(own, tmp_path / each))
    assert tables[0] == tables[1]
    assert "toy-pairs" in tables[0]
    assert found[0] == found[1]
    assert len(found[0]) >= 12


def test_a_failure_says_the_same(name, harness_command, tmp_path):
    done = harness_command(*RUN, "--executor", name, "-G", "fail=true", check=None)
    assert done.returncode == 70 or done.returncode == 1
    assert "RuntimeError: toy generator was told to fail" in done.stderr
    (log,) = tmp_path.glob("study/failures/*/failed-1.json")
    assert "toys.py" in json.loads(log.read_text())["traceback"]


@pytest.mark.skipif(os.name == "nt", reason="interrupts are sent as POSIX signals")
@pytest.mark.parametrize("stage", ["generate", pytest.param("train", marks=pytest.mark.slow)])
def test_an_interrupt_leaves_a_study_that_goes_on(
    name, stage, harness_command, zygote, home, tmp_path
):
    slow = ("-G", "sleep_s=0.05", "-M", "sleep_s=0.02", "-M", "steps=40")
    environ = {**os.environ, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1"}
    command = ["--plugins-dir", str(TOYS), *RUN, *slow, "--executor", name]
    process = zygote.start(command, tmp_path, environ)
    log = tmp_path / "study" / "events.jsonl"
    while process.poll() is None:
        events = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        if any(e["stage"] == stage and e["event"] == "started" for e in events):
            break
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "resume with: harness --plugins-dir" in errors
    assert "Traceback" not in errors
    assert not list(home.glob(".client-*"))
    done = harness_command(*RUN, *slow, "--executor", name, HARNESS_LEASE_S="3")
    assert "100 %" in done.stdout
