"""Running the code of plugins: standard output kept clean, silence reported, hooks in limited time.

A plugin may print, hang or raise anything. Standard output belongs to the data of the command, so
what a plugin prints goes to standard error. The plugin that keeps the user waiting is named.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from harness.process import variables
from harness.terminal import line

HEARTBEAT_S = 10.0
"""Seconds after which a hook that has not answered is named, and again each time."""

LIMIT = "HARNESS_PLUGIN_TIMEOUT_S"
LIMIT_S = 60.0
"""Seconds that importing a plugin, or one call of a hook, may take."""

Say = Callable[[str], object]


class PluginTimeoutError(BaseException):
    """A hook took too long. Not an ``Exception``, so that no plugin swallows it by accident."""


def complain(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"harness: {line(text)}\n")
    sys.stderr.flush()


@contextmanager
def hook(doing: str) -> Iterator[None]:
    """Run a hook, or import a plugin; ``doing`` says whose and which.

    Raises :class:`PluginTimeoutError` after ``$HARNESS_PLUGIN_TIMEOUT_S`` seconds where the system
    has interval timers and this is the main thread; elsewhere the plugin is only named.
    """
    limit = limit_s()
    hint = f"; it is given {limit:.0f} s, -p no:NAME leaves it out" if _can_stop() else (
        "; -p no:NAME leaves it out"
    )  # fmt: skip
    with redirect_stdout(sys.stderr), heartbeat(doing, complain, HEARTBEAT_S, hint):
        with _stopped_after(limit):
            yield


@contextmanager
def stage(doing: str, say: Say, every_s: float, heard: Callable[[], float]) -> Iterator[None]:
    """Run a stage; ``heard`` is the monotonic time of its last sign of life."""
    hint = "; finished chunks are saved, Ctrl-C to stop"
    with redirect_stdout(sys.stderr), heartbeat(doing, say, every_s, hint, heard):
        yield


@contextmanager
def heartbeat(
    doing: str, say: Say, every_s: float, hint: str, heard: Callable[[], float] | None = None
) -> Iterator[None]:
    """Report what is silent, each time ``every_s`` seconds have passed without progress."""
    start = time.monotonic()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(every_s):
            silent = time.monotonic() - (max(start, heard()) if heard else start)
            if silent >= every_s:
                say(f"{doing}: still running, no progress for {silent:.0f} s{hint}")

    threading.Thread(target=watch, daemon=True, name="harness-heartbeat").start()
    try:
        yield
    finally:
        over.set()


def limit_s() -> float:
    """Time limit of one hook in seconds; raises ``UsageError`` if the variable is not a number."""
    return variables.seconds(LIMIT, LIMIT_S)


def _can_stop() -> bool:
    return (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    )


@contextmanager
def _stopped_after(limit: float) -> Iterator[None]:
    if not _can_stop():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise PluginTimeoutError(f"no answer within {limit:g} s ({LIMIT} sets the limit)")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
