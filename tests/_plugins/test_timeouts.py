from __future__ import annotations

import signal
import threading
import time

import pytest

from harness._plugins import timeouts
from harness.engine.remote import ProgressForwarder, hear
from harness.errors import UsageError
from harness.progress import Progress


def test_a_silent_stage_is_named_until_it_ends():
    said: list[str] = []
    with timeouts.stage("embed net", said.append, 0.05, lambda: 0.0):
        time.sleep(0.5)
    assert said
    assert said[0].startswith(
        "embed net: still running, no progress for 0 s; finished chunks are saved"
    )
    told = len(said)
    time.sleep(0.2)
    assert len(said) <= told + 1  # one may have been on its way


def test_a_stage_that_tells_how_far_it_is_is_not_named():
    said: list[str] = []
    with timeouts.stage("embed net", said.append, 0.05, time.monotonic):
        time.sleep(0.3)
    assert said == []


@pytest.mark.parametrize("several", [False, True])
def test_a_stage_in_a_queue_is_not_named_before_it_has_begun_elsewhere(several):
    said: list[str] = []
    progress = Progress(quiet=True).lanes() if several else Progress(quiet=True)
    progress.stage("train")
    progress.queued()
    with timeouts.stage("train net", said.append, 0.05, progress.listener()):
        time.sleep(0.3)
        assert said == []
        ProgressForwarder(hear(progress))  # what a worker makes first
        time.sleep(0.4)
    assert said[0].startswith("train net: still running, no progress for 0 s")


def test_a_stage_keeps_standard_output_clean(capsys):
    with timeouts.stage("x", print, 60, time.monotonic):
        print("from a plugin")
    assert capsys.readouterr() == ("", "from a plugin\n")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no interval timers")
def test_a_hook_ends_at_the_limit_and_leaves_no_timer(monkeypatch):
    monkeypatch.setenv(timeouts.LIMIT, "0.1")
    start = time.monotonic()
    with pytest.raises(timeouts.PluginTimeoutError, match=r"no answer within 0\.1 s"):
        with timeouts.hook("x"):
            time.sleep(5)
    assert time.monotonic() - start < 4
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    time.sleep(0.15)


def test_a_plugin_that_swallows_exceptions_is_ended_too(monkeypatch):
    monkeypatch.setenv(timeouts.LIMIT, "0.1")

    def stubborn():
        try:
            time.sleep(3)
        except Exception:  # noqa: BLE001
            time.sleep(3)

    with pytest.raises(timeouts.PluginTimeoutError):
        with timeouts.hook("x"):
            stubborn()


def test_outside_the_main_thread_a_hook_is_only_named(monkeypatch, capsys):
    monkeypatch.setenv(timeouts.LIMIT, "0.05")
    monkeypatch.setattr(timeouts, "HEARTBEAT_S", 0.05)
    done: list[bool] = []

    def work():
        with timeouts.hook("a hook"):
            time.sleep(0.2)
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
    assert (
        "a hook: still running, no progress for 0 s; -p no:NAME leaves it out"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("text", ["0", "-1", "soon", "inf", "nan"])
def test_a_limit_that_is_no_time_is_refused(monkeypatch, text):
    monkeypatch.setenv("HARNESS_PLUGIN_TIMEOUT_S", text)
    with pytest.raises(UsageError, match="HARNESS_PLUGIN_TIMEOUT_S"):
        timeouts.limit_s()
