"""Processes that end with the one that started them, however that one ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.connection import wait

LOOK_EVERY_S = 0.5
GRACE_S = 10.0
"""Seconds for the main thread to end in order; inside a library's call it hears no signal."""


def end_with_parent() -> None:
    """Watch the parent of a spawned process from a thread, and leave at once when it is gone.

    A parent that is killed by SIGKILL or by the memory limit of a machine cannot stop its children,
    and a worker that waits for work would otherwise keep its memory for ever.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def end_with_launcher() -> None:
    """End as on SIGTERM when the process that started this command is gone.

    For commands that an agent starts, such as torchrun: it cannot stop its processes when it is
    killed by SIGKILL, and they would train on, or wait for each other. Not on Windows, where the
    number of a parent stays the same after it has ended.
    """
    if os.name != "nt":
        threading.Thread(target=_watch_launcher, args=(os.getppid(),), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)  # nobody is left to hear of anything, and a plugin's exit hooks may wait


def _watch_launcher(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(128 + signal.SIGTERM)
