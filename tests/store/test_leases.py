from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time

import pytest

from harness.errors import UsageError
from harness.store.artifacts import Store
from harness.store.leases import LeaseLostError, held, lease_s, owner, unfinished

KEY = "cd" * 32


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setenv("HARNESS_LEASE_S", "0.6")


def quiet(message):
    raise AssertionError(message)


def test_numbers_grow_and_old_files_go(tmp_path):
    for number in (1, 2, 3):
        with held(tmp_path, KEY, quiet, locked=False) as lease:
            assert lease.number == number
            assert [key for key, _ in unfinished(tmp_path)] == [KEY]
        assert [path.name for path in tmp_path.iterdir()] == [f"{KEY}.{number:06d}.lease"]
    assert list(unfinished(tmp_path)) == []


def test_only_one_at_a_time_holds_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_LEASE_S", "10")
    inside, most, waited = [], [], []

    def work():
        with held(tmp_path, KEY, waited.append, locked=False):
            inside.append(1)
            most.append(len(inside))
            until = time.monotonic() + 20
            while not waited and time.monotonic() < until:
                time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [1] * 6
    assert waited
    assert all("is already producing" in message for message in waited)


def test_a_holder_with_signs_of_life_is_waited_for(tmp_path):
    with held(tmp_path, KEY, quiet, locked=False) as lease:
        taken = threading.Event()

        def work():
            with held(tmp_path, KEY, lambda _: None, locked=False):
                taken.set()

        thread = threading.Thread(target=work)
        thread.start()
        assert not taken.wait(2)
        lease.confirm()
    thread.join(10)
    assert taken.is_set()


def test_a_silent_holder_is_replaced_and_told(tmp_path):
    with held(tmp_path, KEY, quiet, locked=False) as lease:
        lease.end()  # as if its process were stopped
        with held(tmp_path, KEY, lambda _: None, locked=False) as other:
            assert other.number == lease.number + 1
            with pytest.raises(LeaseLostError, match="taken over"):
                lease.confirm()
            other.confirm()


def test_the_clock_of_a_holder_and_file_times_mean_nothing(tmp_path):
    with held(tmp_path, KEY, quiet, locked=False):
        for path in tmp_path.iterdir():
            os.utime(path, (0, 0))
        refused = []

        def wait():
            with held(tmp_path, KEY, refused.append, locked=False):
                pass

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        thread.join(1.5)
        assert thread.is_alive()
        assert refused
    thread.join(10)
    assert not thread.is_alive()


def test_who_has_the_lock_takes_over_from_one_who_had_it_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_LEASE_S", "100")
    record = {"host": "h", "pid": 1, "locked": True, "beat": 7, "state": "held"}
    (tmp_path / f"{KEY}.000004.lease").write_text(json.dumps(record))
    with held(tmp_path, KEY, quiet, locked=True) as lease:
        assert lease.number == 5


def test_seconds_that_are_none_are_refused(monkeypatch):
    for text in ("soon", "0", "-1", "inf"):
        monkeypatch.setenv("HARNESS_LEASE_S", text)
        with pytest.raises(UsageError, match=f"HARNESS_LEASE_S={text}"):
            lease_s()


# -- in the store ------------------------------------------------------------------------------


def _make(home, log, mark, pause_s, shared):
    def make(folder):
        with log.open("a") as file:
            file.write(f"{mark}\n")
        (folder / f"{mark}.txt").write_text(mark)
        time.sleep(pause_s)
        (folder / "last.txt").write_text(mark)
        return {}

    Store(home, shared=shared).build("things", KEY, {}, make)


def start(*arguments):
    process = multiprocessing.get_context("spawn").Process(target=_make, args=arguments)
    process.start()
    return process


def wait_for(log, process):
    until = time.monotonic() + 60
    while not log.exists():
        assert process.exitcode is None, f"it ended with {process.exitcode}"
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("shared", [(True, True), (True, False), (False, True)])
def test_sharing_or_not_one_makes_it_and_the_other_waits(home, tmp_path, shared):
    log = tmp_path / "log.txt"
    first = start(home, log, "one", 1.5, shared[0])
    wait_for(log, first)
    second = start(home, log, "two", 0, shared[1])
    for process in (first, second):
        process.join(60)
        assert process.exitcode == 0
    assert log.read_text() == "one\n"


@pytest.mark.skipif(os.name == "nt", reason="processes are stopped by a POSIX signal")
def test_a_stopped_maker_is_replaced_and_spoils_nothing_when_it_goes_on(home, tmp_path):
    log = tmp_path / "log.txt"
    first = start(home, log, "one", 0.5, True)
    wait_for(log, first)
    time.sleep(0.2)
    os.kill(first.pid, signal.SIGSTOP)
    second = start(home, log, "two", 0.5, True)
    second.join(60)
    assert second.exitcode == 0
    found = Store(home).get("things", KEY)
    before = {path.name: path.read_bytes() for path in found.folder.iterdir()}
    os.kill(first.pid, signal.SIGCONT)
    first.join(60)
    assert first.exitcode == 0
    assert log.read_text() == "one\ntwo\n"
    assert {path.name: path.read_bytes() for path in found.folder.iterdir()} == before
    assert before["last.txt"] == b"two"
    assert before["one.txt"] == b"one"  # what was finished was taken over
    assert not list((home / "work" / "things").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize("shared", [True, False])
def test_what_a_killed_maker_on_a_shared_store_left_is_taken_up(home, tmp_path, shared):
    log = tmp_path / "log.txt"
    first = start(home, log, "one", 60, True)
    wait_for(log, first)
    time.sleep(0.2)
    first.kill()
    first.join(10)
    assert Store(home).is_begun("things", KEY)
    _make(home, log, "two", 0, shared)
    assert (Store(home).get("things", KEY).folder / "one.txt").read_text() == "one"
    assert not Store(home).is_begun("things", KEY)


@pytest.mark.parametrize(
    "name",
    [f"{KEY}.abc.lease", f"{KEY}.lease", f"{KEY}.٣.lease", f"{KEY}.-1.lease", ".lease",
     f"{KEY}.000001.lease.bak.lease", f"{KEY}.{'9' * 60}.lease"],
)  # fmt: skip
def test_a_foreign_file_among_the_locks_is_left_alone(tmp_path, name):
    (tmp_path / name).write_bytes(b"\xff not ours")
    assert list(unfinished(tmp_path)) == []
    with held(tmp_path, KEY, quiet, locked=False) as lease:
        assert lease.number == 1
    assert (tmp_path / name).exists()


def test_a_lease_with_other_content_is_named_without_a_host(tmp_path):
    (tmp_path / f"{KEY}.000004.lease").write_text('{"pid": 7, "state": "free"}')
    assert owner(tmp_path, KEY) == "process 7 on an unknown host"
    with held(tmp_path, KEY, quiet, locked=False) as lease:
        assert lease.number == 5


@pytest.mark.parametrize("value", ["nan", "-1", "0", "inf", "soon"])
def test_a_wrong_time_is_refused_before_any_work(monkeypatch, tmp_path, value):
    monkeypatch.setenv("HARNESS_LEASE_S", value)
    with pytest.raises(UsageError, match=f"HARNESS_LEASE_S={value}"):
        Store(tmp_path)
