from __future__ import annotations

import signal
import threading
import time

import pytest

from harness import guard


def test_a_silent_stage_is_named_until_it_ends():
    said: list[str] = []
    with guard.stage("embed net", said.append, 0.05, lambda: 0.0):
        time.sleep(0.5)
    assert said
    assert said[0].startswith("embed net: no answer for 0 s; finished parts are kept")
    told = len(said)
    time.sleep(0.2)
    assert len(said) <= told + 1  # one may have been on its way


def test_a_stage_that_tells_how_far_it_is_is_not_named():
    said: list[str] = []
    with guard.stage("embed net", said.append, 0.05, time.monotonic):
        time.sleep(0.3)
    assert said == []


def test_a_stage_keeps_standard_output_clean(capsys):
    with guard.stage("x", print, 60, time.monotonic):
        print("from a plugin")
    assert capsys.readouterr() == ("", "from a plugin\n")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no interval timers")
def test_a_hook_ends_at_the_limit_and_leaves_no_timer(monkeypatch):
    monkeypatch.setenv(guard.LIMIT, "0.1")
    start = time.monotonic()
    with pytest.raises(guard.PluginTimeoutError, match=r"no answer within 0\.1 s"):
        with guard.hook("x"):
            time.sleep(5)
    assert time.monotonic() - start < 4
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    time.sleep(0.15)


def test_a_plugin_that_swallows_exceptions_is_ended_too(monkeypatch):
    monkeypatch.setenv(guard.LIMIT, "0.1")

    def stubborn():
        try:
            time.sleep(3)
        except Exception:  # noqa: BLE001
            time.sleep(3)

    with pytest.raises(guard.PluginTimeoutError):
        with guard.hook("x"):
            stubborn()


def test_outside_the_main_thread_a_hook_is_only_named(monkeypatch, capsys):
    monkeypatch.setenv(guard.LIMIT, "0.05")
    monkeypatch.setattr(guard, "HEARTBEAT_S", 0.05)
    done: list[bool] = []

    def work():
        with guard.hook("a hook"):
            time.sleep(0.2)
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
    assert "a hook: no answer for 0 s; -p no:NAME leaves it out" in capsys.readouterr().err
