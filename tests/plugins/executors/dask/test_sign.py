"""The file by which workers see that their client runs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("distributed")

from harness_plugins.executors.dask import worker


def test_files_of_killed_clients_are_removed_and_others_stay(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (tmp_path / ".client-killed").write_text(f"killed\n{worker._process(process.pid)}\n")
    process.communicate(b"\n", timeout=30)
    host, pid, start = worker._process(os.getpid()).split(" ")
    kept = {
        ".client-live": f"live\n{host} {pid} {start}\n",
        ".client-drift": f"drift\n{host} {pid} {float(start) + 5:.0f}\n",
        ".client-elsewhere": f"elsewhere\nanother-{host} 1 1\n",
        ".client-old": "of an older release",
    }
    (tmp_path / ".client-reused").write_text(f"reused\n{host} {pid} {float(start) - 9000:.0f}\n")
    (tmp_path / ".client-binary").write_bytes(b"\xff\xfe")
    for name, text in kept.items():
        (tmp_path / name).write_text(text)
    sign = worker.Sign("mine", (tmp_path,))
    sign.put()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*kept, ".client-mine", ".client-binary"}
    assert worker._holds(sign.files()[0], "mine")
    assert not worker._holds(sign.files()[0], "other")
    sign.remove()
    assert ".client-mine" not in {path.name for path in tmp_path.iterdir()}
