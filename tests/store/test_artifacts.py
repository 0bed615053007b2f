from __future__ import annotations

import json
import multiprocessing
import os
import time

import pytest

from harness.errors import PrerequisiteError, UsageError
from harness.fileio.verified import DamagedError
from harness.store.artifacts import Store

KEY = "ab" * 32


def filling(text: str = "payload"):
    def make(folder):
        (folder / "data.txt").write_text(text)
        return {"count": 1}

    return make


def test_an_artifact_is_made_once_and_then_found(home):
    store, calls = Store(home), []

    def make(folder):
        calls.append(folder)
        return filling()(folder)

    first = store.build("things", KEY, {"a": 1}, make)
    second = store.build("things", KEY, {"a": 1}, make)
    assert len(calls) == 1
    assert first.folder == second.folder == home / "store" / "things" / "ab" / KEY
    assert second.facts == {"count": 1}
    assert second.manifest["parts"] == {"a": 1}
    assert second.manifest["files"] == {"data.txt": 7}


def test_a_failure_leaves_no_artifact_and_keeps_its_work(home):
    store = Store(home)

    def failing(folder):
        (folder / "half.txt").write_text("half")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        store.build("things", KEY, {}, failing)
    assert store.find("things", KEY) is None

    def resuming(folder):
        assert (folder / "half.txt").read_text() == "half"
        return {}

    assert store.build("things", KEY, {}, resuming).key == KEY


def test_a_folder_without_manifest_is_no_artifact(home):
    store = Store(home)
    store.folder("things", KEY).mkdir(parents=True)
    assert store.find("things", KEY) is None


def test_get_says_what_to_do(home):
    with pytest.raises(PrerequisiteError, match="things abababababab is not in the store"):
        Store(home).get("things", KEY)


def test_discard_forgets(home):
    store = Store(home)
    store.build("things", KEY, {}, filling())
    store.discard("things", KEY)
    assert store.find("things", KEY) is None
    assert list(store.folder("things", KEY).parent.iterdir()) == []


def test_a_store_that_cannot_be_written_says_so(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(PrerequisiteError, match=r"cannot be written .* set HARNESS_HOME"):
        Store(blocked / "home").build("things", KEY, {}, filling())


def test_a_read_only_store_still_gives_what_it_has(home, monkeypatch):
    store = Store(home)
    store.build("things", KEY, {}, filling())

    def refuse(*args, **kwargs):
        raise AssertionError("a hit must not write")

    monkeypatch.setattr(store, "_make", refuse)
    assert store.build("things", KEY, {}, filling()).facts == {"count": 1}


def _slow_build(home, log) -> None:
    def make(folder):
        with log.open("a") as file:
            file.write("made\n")
        time.sleep(1.5)
        return filling()(folder)

    Store(home).build("things", KEY, {}, make)


def test_two_processes_make_it_once(home, tmp_path):
    log = tmp_path / "log.txt"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_slow_build, args=(home, log)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert log.read_text() == "made\n"
    assert json.loads((Store(home).folder("things", KEY) / "manifest.json").read_text())["facts"]


def test_what_is_being_made_is_not_discarded(home, tmp_path):
    log = tmp_path / "log.txt"
    worker = multiprocessing.get_context("spawn").Process(target=_slow_build, args=(home, log))
    worker.start()
    while not log.exists():
        time.sleep(0.02)
    with pytest.raises(UsageError, match=r"process .* is already producing"):
        Store(home).discard("things", KEY)
    worker.join(60)
    assert Store(home).find("things", KEY) is not None


def test_a_killed_writers_leftovers_do_not_enter_an_artifact(home):
    store = Store(home)
    work = store.work("things", KEY)
    (work / ".data.x.tmp").write_text("half")
    (work / "manifest.json").write_text("{}")
    made = store.build("things", KEY, {}, filling())
    assert made.manifest["files"] == {"data.txt": 7}
    assert sorted(p.name for p in made.folder.iterdir()) == ["data.txt", "manifest.json"]


def test_a_use_is_recorded_once_an_hour(home):
    store = Store(home)
    path = store.build("things", KEY, {}, filling()).folder / "manifest.json"
    os.utime(path, (1000, 1000))
    store.find("things", KEY)
    assert path.stat().st_mtime == 1000
    store.get("things", KEY)
    used = path.stat().st_mtime
    assert used > time.time() - 60
    os.utime(path, (used - 1800, used - 1800))
    store.get("things", KEY)
    assert path.stat().st_mtime == pytest.approx(used - 1800, abs=1)


def test_a_folder_that_lost_its_manifest_does_not_block_its_key(home):
    store, said = Store(home), []
    made = store.build("things", KEY, {}, filling())
    (made.folder / "manifest.json").unlink()
    again = store.build("things", KEY, {}, filling(), waiting=said.append)
    assert again.manifest["files"] == {"data.txt": 7}
    assert "manifest.json is missing; moved to" in said[0]
    (aside,) = store.aside()
    assert sorted(path.name for path in aside.iterdir()) == ["damage.json", "data.txt"]


def test_what_another_process_made_again_is_not_set_aside(home):
    store = Store(home)
    made = store.build("things", KEY, {}, filling())
    assert store.set_aside(DamagedError(made.folder, "data.txt", "is altered")) is None
    assert store.find("things", KEY) is not None
