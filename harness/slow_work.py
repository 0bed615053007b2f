"""Work that is usually quick and says so when it is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FIRST_S, EVERY_S = 5.0, 10.0


@contextmanager
def shown_if_slow(
    doing: str, show: Callable[[str], object], *, first_s: float = FIRST_S, every_s: float = EVERY_S
) -> Iterator[None]:
    """Show what is done once it has taken ``first_s`` seconds, and again every ``every_s``."""
    over, start = threading.Event(), time.monotonic()

    def watch() -> None:
        pause = first_s
        while not over.wait(pause):
            show(f"{doing}: {time.monotonic() - start:.0f} s so far")
            pause = every_s

    threading.Thread(target=watch, daemon=True, name="harness-slow").start()
    try:
        yield
    finally:
        over.set()
