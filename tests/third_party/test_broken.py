"""A broken plugin, really installed: a clear message, and nothing of others is lost."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

TOYS = str(Path(__file__).parents[1] / "data" / "toys.py")
STUDY = ("run", "-m", "toy-pixels,zoo-net", "-b", "toy-pairs", "-j", "1")
PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "{name}"
version = "1.5"
dependencies = ["synthface-harness>=99"]
[project.entry-points.harness]
zoo = "{module}"
[tool.setuptools.packages.find]
where = ["src"]
"""
ZOO = """
import os
import time

from harness.plugin import Component, hookimpl

MODE = os.environ.get("ZOO", "")
if MODE == "import":
    raise RuntimeError("the zoo is closed")
if MODE == "import-hangs":
    time.sleep(100)
if MODE == "prints":
    print("the zoo talks at import")
if MODE == "old":
    HARNESS_API = 0
if MODE == "new":
    HARNESS_API = 99

    @hookimpl
    def harness_of_the_future():
        return []


@hookimpl
def harness_components():
    if MODE == "declare":
        raise OSError("the zoo has no list")
    if MODE == "declare-hangs":
        time.sleep(100)
    if MODE == "prints":
        print("the zoo talks in a hook")
    where = "zoo.net"
    return [Component("model", "zoo-net", 1, f"{where}:Net", f"{where}:NetParams", "a model",
                      licence="Apache-2.0", citation="nobody")]


@hookimpl
def harness_groups():
    if MODE == "groups":
        raise KeyError("animals")
    return {"zoo": 5} if MODE == "groups-shape" else {}


@hookimpl
def harness_report_sections(study):
    return ["text"] if MODE == "sections" else []


@hookimpl
def harness_on_event(event):
    if MODE == "event":
        raise ValueError("cannot watch")
    if MODE == "event-hangs":
        time.sleep(100)
"""
NET = '''
import os
import sys
import time

import numpy as np

from harness.plugin import Params
from harness.plugin.models import Model
from harness.components import InputSpec

MODE = os.environ.get("ZOO", "")


class NetParams(Params):
    """None."""


class Net(Model):
    input_spec = InputSpec(48, 48, "arcface")
    embedding_size = 8

    def embed(self, images):
        if MODE == "stage":
            raise ZeroDivisionError("the zoo divides")
        if MODE == "exit":
            sys.exit("the zoo leaves")
        if MODE == "prints":
            print("the zoo talks at work")
        if MODE == "slow":
            time.sleep(3)
        rows = images.reshape(len(images), -1)[:, :8].astype(np.float32)
        if MODE == "nan":
            rows[0, 0] = np.nan
        return rows[:, :1] if MODE == "shape" else rows
'''
TWIN = """
import os

from harness.plugin import Component, hookimpl


@hookimpl
def harness_components():
    if not os.environ.get("TWIN"):
        return []
    return [Component("model", "zoo-net", 1, "zoo.net:Net", "zoo.net:NetParams", "its twin")]
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def zoo(environment):
    """An environment with two packages whose plugins have one name, and misbehave when told to."""
    for name, files in (
        ("zoo", {"__init__.py": ZOO, "net.py": NET}),
        ("zoo-twin", {"__init__.py": TWIN}),
    ):
        module = name.replace("-", "_")
        source = environment.folder / name / "src" / module
        source.mkdir(parents=True)
        for file, text in files.items():
            (source / file).write_text(text)
        project = PROJECT.format(name=name, module=module)
        (environment.folder / name / "pyproject.toml").write_text(project)
    environment.install(environment.folder / "zoo", environment.folder / "zoo-twin")
    return environment


@pytest.fixture
def run(zoo, tmp_path, home):
    def with_mode(mode: str, *args: str, check: int | None = 0, **environ: str):
        toys = ("--plugins-dir", TOYS)
        where = {"HARNESS_HOME": str(home), "ZOO": mode, **environ}
        return zoo.harness(*toys, *args, check=check, cwd=tmp_path, **where)

    return with_mode


def models_of(tmp_path):
    found = tmp_path.glob("study/cells/*/result.json")
    return sorted(json.loads(path.read_text())["cell"]["model"]["name"] for path in found)


def test_a_sound_one_runs_beside_others(run, tmp_path):
    done = run("", *STUDY)
    assert models_of(tmp_path) == ["toy-pixels", "zoo-net"]
    assert "harness: " not in done.stderr


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("import", "RuntimeError: the zoo is closed"),
        ("declare", "OSError: the zoo has no list"),
        ("old", "it is written for plugin API 0 and this harness serves 1 to 1: upgrade zoo"),
        ("new", "it needs plugin API 99 and this harness has 1: upgrade synthface-harness"),
        ("import-hangs", "no answer within 1 s (HARNESS_PLUGIN_TIMEOUT_S sets the limit)"),
        ("declare-hangs", "no answer within 1 s (HARNESS_PLUGIN_TIMEOUT_S sets the limit)"),
    ],
)
def test_one_that_does_not_load_is_a_row_and_others_run(run, tmp_path, mode, reason):
    quick = {"HARNESS_PLUGIN_TIMEOUT_S": "1"}
    listed = run(mode, "list", **quick).stdout
    assert reason in listed
    assert "toy-pixels" in listed
    failed = run(mode, "plan", "-m", "zoo-net", "-b", "toy-pairs", check=2, **quick)
    assert "unknown model 'zoo-net'" in failed.stderr
    assert reason in failed.stderr
    assert "Traceback" not in failed.stderr
    run(mode, "run", "-m", "toy-pixels", "-b", "toy-pairs", "-j", "1", **quick)
    assert models_of(tmp_path) == ["toy-pixels"]


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("stage", "ZeroDivisionError: the zoo divides"),
        ("exit", "SystemExit: the zoo leaves"),
        ("nan", "the network's embedding is not finite"),
        ("shape", "Net returned embeddings of shape (32, 1) for 32 images; embed must give"),
    ],
)
def test_one_that_fails_at_work_costs_its_own_cells_only(run, tmp_path, mode, message):
    done = run(mode, *STUDY, check=1)
    assert models_of(tmp_path) == ["toy-pixels"]
    assert "toy-pixels" in done.stdout
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    (record,) = tmp_path.glob("study/failures/*/failed-1.json")
    assert json.loads(record.read_text())["label"] == "zoo-net > toy-pairs"


def test_what_failed_is_made_once_it_is_mended_and_the_rest_is_reused(run, tmp_path):
    run("stage", *STUDY, check=1)
    again = run("", *STUDY)
    assert models_of(tmp_path) == ["toy-pixels", "zoo-net"]
    assert "toy-pixels > toy-pairs  reused" in again.stderr


@pytest.mark.parametrize(
    ("mode", "hook", "reason"),
    [
        ("groups", "harness_groups", "KeyError: 'animals'"),
        ("groups-shape", "harness_groups", "TypeError: 'int' object is not iterable"),
        ("event", "harness_on_event", "ValueError: cannot watch"),
        ("event-hangs", "harness_on_event", "PluginTimeoutError: no answer within 1 s"),
        ("sections", "harness_report_sections", "TypeError: it must give ReportSection objects"),
    ],
)
def test_one_that_fails_in_a_hook_is_named_once_and_left_out(run, tmp_path, mode, hook, reason):
    done = run(mode, *STUDY, HARNESS_PLUGIN_TIMEOUT_S="1")
    told = f"harness: plugin zoo of zoo is left out: {hook} raised {reason}"
    assert done.stderr.count(told) == 1, done.stderr
    assert models_of(tmp_path) == ["toy-pixels", "zoo-net"]
    assert (tmp_path / "study" / "report" / "index.html").exists()


def test_what_one_prints_does_not_mix_with_the_data(run):
    done = run("prints", *STUDY, "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["cell"]["model"]["name"] for row in rows] == ["toy-pixels", "zoo-net"]
    for where in ("at import", "in a hook", "at work"):
        assert f"the zoo talks {where}" in done.stderr


def test_one_that_hangs_at_work_is_named(run, zoo, tmp_path, home):
    code = (
        "import harness.engine.runner as runner; runner.SILENCE_S = 1.0;"
        "from harness.cli.main import main; main()"
    )
    args = ("--plugins-dir", TOYS, *STUDY)
    done = zoo.run("-c", code, *args, cwd=tmp_path, HARNESS_HOME=str(home), ZOO="slow")
    told = (
        r"\(model zoo-net of zoo 1\.5\): still running, no progress for \d+ s; finished "
        r"chunks are saved"
    )
    assert re.search(told, done.stderr), done.stderr


def test_one_that_hangs_in_a_hook_is_named_before_it_is_left_out(zoo, tmp_path, home):
    code = (
        "import harness._plugins.timeouts as guard; guard.HEARTBEAT_S = 0.5;"
        "from harness.cli.main import main; main()"
    )
    where = {"HARNESS_HOME": str(home), "ZOO": "import-hangs", "HARNESS_PLUGIN_TIMEOUT_S": "2"}
    done = zoo.run("-c", code, "list", cwd=tmp_path, **where)
    told = (
        r"loading plugin zoo of zoo: still running, no progress for \d+ s; it is given 2 s, "
        r"-p no:NAME leaves it"
    )
    assert re.search(told, done.stderr), done.stderr


def test_two_of_one_name_are_both_named_and_each_can_be_meant(run, tmp_path):
    failed = run("", *STUDY, check=2, TWIN="1")
    assert "model 'zoo-net' is provided by both zoo 1.5 and zoo-twin 1.5; write zoo:zoo-net" in (
        failed.stderr
    )
    run("", "run", "-m", "zoo-twin:zoo-net", "-b", "toy-pairs", "-j", "1", TWIN="1")
    (result,) = tmp_path.glob("study/cells/*/result.json")
    record = json.loads(result.read_text())
    assert record["cell"]["model"]["provider"] == "zoo-twin:zoo-net"
    assert record["provenance"]["code"]["plugins"]["zoo-twin"] == "1.5"


def test_the_doctor_names_what_is_broken_and_what_is_old(run):
    text = run("import", "doctor", check=3).stdout
    assert "BAD  plugin zoo: RuntimeError: the zoo is closed; fix or uninstall zoo" in text
    assert "plugins of zoo: need synthface-harness>=99 and" in text
