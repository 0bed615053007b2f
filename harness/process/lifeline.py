"""Child processes that end with their parent, however it ends."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def end_with_parent() -> None:
    """Watch the parent of a spawned process from a thread, and leave at once when it is gone.

    A parent that is killed by SIGKILL or by the memory limit of a machine cannot stop its children,
    and a worker that waits for work would otherwise keep its memory for ever.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)  # nobody is left to hear of anything, and a plugin's exit hooks may wait
