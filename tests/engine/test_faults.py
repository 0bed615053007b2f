"""A full disk, a read-only store, two runs at once: one clear sentence, or it simply works."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from harness.fileio.verified import DamagedError
from harness.store.artifacts import Store

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
ARGS = ("run", "-g", "toy-faces", "-G", "identities=30", "-m", "toy-net", "-M", "steps=3",
        "-b", "toy-pairs", "-j", "1")  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="file size limits are a POSIX thing")
@pytest.mark.parametrize("limit", [3_000, 20_000, 60_000])
def test_a_disk_that_fills_loses_nothing(harness_command, zygote, home, tmp_path, limit):
    environ = {**os.environ, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1"}
    command = ["--plugins-dir", str(TOYS), *ARGS]
    done = zygote.run(command, tmp_path, environ, file_bytes=limit)
    assert done.returncode == 1, done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(home.glob("store/*/*/*/.*.tmp"))
    harness_command(*ARGS)


@pytest.mark.skipif(os.name == "nt", reason="mounts a file system")
def test_a_full_file_system(harness_command, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(small)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("this user cannot mount a file system")
    try:
        done = harness_command(*ARGS, check=1, HARNESS_HOME=str(small))
        assert "No space left on device" in done.stderr
        assert "run the same command again" in done.stderr
        assert "Traceback" not in done.stderr
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
        harness_command(*ARGS, HARNESS_HOME=str(small))
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)


@pytest.mark.skipif(os.name == "nt", reason="mounts a file system")
def test_a_read_only_store_serves_what_it_has(harness_command, home, tmp_path):
    first = harness_command(*ARGS)
    bind = ["mount", "--bind", str(home), str(home)]
    if os.geteuid() != 0 or subprocess.run(bind, capture_output=True).returncode != 0:
        pytest.skip("this user cannot mount a file system")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(home)], check=True)
        assert harness_command(*ARGS).stdout == first.stdout
        done = harness_command(*ARGS, "-M", "steps=4", check=3)
        assert "cannot be written" in done.stderr
        assert "HARNESS_HOME" in done.stderr
    finally:
        subprocess.run(["umount", "-l", str(home)], check=False)


def test_two_runs_of_one_study_at_once(home, tmp_path, zygote):
    command = ["--plugins-dir", str(TOYS), *ARGS, "-G", "sleep_s=0.01"]
    environ = {**os.environ, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1"}
    runs = [zygote.start(command, tmp_path, environ) for _ in range(2)]
    output = [run.communicate(timeout=240) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], output
    assert output[0][0] == output[1][0]
    log = (tmp_path / "study/events.jsonl").read_text()
    events = [json.loads(line) for line in log.splitlines()]
    trained = [e for e in events if e["stage"] == "train" and e["event"] == "finished"]
    assert len({e["key"] for e in trained}) == 1
    assert len(list(home.glob("store/models/*/*/weights.safetensors"))) == 1


def test_a_damaged_manifest_is_named_and_not_believed(home):
    store, key = Store(home), "cd" * 32
    store.build("things", key, {}, lambda folder: {})
    (store.folder("things", key) / "manifest.json").write_text('{"facts"')
    assert store.find("things", key) is None
    with pytest.raises(DamagedError, match=r"manifest\.json is not a readable manifest"):
        store.get("things", key)
