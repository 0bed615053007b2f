"""Flags of `run` that executors declare."""

from __future__ import annotations

import pytest

from harness.cli.executor_flags import executor_options

EXECUTOR = """
from harness.plugin import Extension, hookimpl
from harness.plugin.executors import Executor, ExecutorParams
from pydantic import Field

class Params(ExecutorParams):
    town: str = Field("Ulm", description="Where the work is done.")

class There(Executor):
    def run_shards(self, task, shared, shards, jobs):
        print("in", self.params.town)
        for shard in shards:
            yield shard, task(shared, shard)

@hookimpl
def harness_executors():
    return [Extension("there", f"{__name__}:There", "elsewhere", params=f"{__name__}:Params",
                      flags={"--town": "town", "--seed": "town"})]
"""


def test_a_flag_that_an_executor_declares_sets_its_parameter(harness_command, tmp_path):
    (tmp_path / "there.py").write_text(EXECUTOR)
    helped = harness_command("--plugins-dir", ".", "run", "--help")
    assert "For --executor there: Where the work is done." in " ".join(helped.stdout.split())
    done = harness_command(
        "--plugins-dir", ".", "run", "-g", "toy-faces", "-j", "1", "--seed", "4",
        "--executor", "there", "--town", "Bonn",
    )  # fmt: skip
    assert "in Bonn" in done.stderr
    wrong = harness_command("--plugins-dir", ".", "run", "-g", "toy-faces", "--town", "Bonn",
                            check=2)  # fmt: skip
    assert "executor local has no settings; remove town" in wrong.stderr


def test_a_flag_of_no_executor_is_unknown(harness_command):
    refused = harness_command("run", "--town", "Ulm", check=2).stderr
    assert "No such option" in refused
    assert "--town" in refused


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, {}),
        ({"executor_option_scheduler": "tcp://a:1", "jobs": 2}, {"scheduler": "tcp://a:1"}),
        ({"executor_option_scheduler": None, "executor": "dask"}, {}),
    ],
)
def test_only_flags_of_executors_become_settings(given, wanted):
    assert executor_options(given) == wanted
