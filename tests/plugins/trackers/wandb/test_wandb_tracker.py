"""Against the real library, offline and in a folder of its own."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

TOYS = Path(__file__).parents[3] / "data" / "toys.py"
pytest.importorskip("wandb", reason="Weights & Biases is not installed (extra 'wandb')")
CODE = """
import json, sys
from pathlib import Path
from harness._plugins.discovery import load
from harness.api import execute, make_plan
from harness.lifecycle import ReportWritten
from harness.recipe.run_options import RunOptions
from harness.store.artifacts import Store
for _ in range(2):
    registry = load(plugins_dirs=[Path(sys.argv[1])])
    asked = RunOptions(model="toy-pixels", bench="toy-pairs", name="trial", jobs=1, track="wandb",
                       params={"benchmark": {"identities": 4}}, study=Path("study"))
    outcome = execute(make_plan(asked, registry, Store()), asked, store=Store(), registry=registry)
    page = Path("study/report.html")
    page.write_text("<p>")
    registry.call("harness_report_written", report=ReportWritten(Path("study"), (page,)))
assert all(row.ok for row in registry.plugins), registry.plugins
(result,) = outcome.results
print(json.dumps(result.metrics[0].value))
"""


def records(path: Path) -> list[bytes]:
    """The records of a LevelDB log: blocks of 32 KiB after a header of seven bytes."""
    data, at, found, whole = path.read_bytes(), 7, [], b""
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:  # the rest of a block holds no record
            at += 32768 - at % 32768
            continue
        size, kind = struct.unpack_from("<HB", data, at + 4)
        whole += data[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):  # a whole record, or the last part of one
            found.append(whole)
            whole = b""
    return found


def summary_of(folder: Path) -> dict[str, object]:
    """The summary of an offline run, from what `wandb sync` would send."""
    from wandb.proto.wandb_internal_pb2 import Record

    (log,) = folder.glob("run-*.wandb")
    summary = {}
    for data in records(log):
        for item in Record.FromString(data).summary.update:
            summary[item.key or ".".join(item.nested_key)] = json.loads(item.value_json)
    return summary


@pytest.mark.slow
def test_cells_are_offline_runs_with_their_numbers_and_are_logged_once(tmp_path):
    env = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    env |= {"HARNESS_HOME": str(tmp_path / "home"), "WANDB_API_KEY": "0" * 40,
            "WANDB_CACHE_DIR": str(tmp_path / "c"),
            "WANDB_CONFIG_DIR": str(tmp_path / "d")}  # fmt: skip
    done = subprocess.run([sys.executable, "-c", CODE, str(TOYS)], cwd=tmp_path, env=env,
                          capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout.splitlines()[-1])
    folders = sorted((tmp_path / "wandb").glob("offline-run-*"))
    assert len(folders) == 3  # two commands and one cell
    assert not list((tmp_path / "wandb").glob("run-*"))  # none was to be sent
    summaries = [summary_of(folder) for folder in folders]
    (cell,) = [summary for summary in summaries if "accuracy" in summary]
    assert cell["accuracy"] == value
    assert {"accuracy low", "accuracy high"} <= set(cell)
    assert len(list((tmp_path / "wandb").glob("offline-run-*/files/result.json"))) == 1
    assert len(list((tmp_path / "wandb").glob("offline-run-*/files/report.html"))) == 2
