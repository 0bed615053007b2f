from __future__ import annotations

import multiprocessing
import signal
import threading
import time

import pytest

from harness.executors.local import run_shards


@pytest.fixture
def interruptible():
    """Whoever runs the tests may have chosen to ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_stops_workers_in_the_middle_of_a_shard():
    before = set(multiprocessing.active_children())
    me = threading.main_thread().ident

    def interrupt():
        while len(set(multiprocessing.active_children()) - before) < 2:
            time.sleep(0.05)
        time.sleep(0.5)
        signal.pthread_kill(me, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        # Each shard waits as many seconds for a signal that never comes.
        list(run_shards(signal.sigtimedwait, [signal.SIGUSR1], [60, 61, 62], 2))
    assert time.monotonic() - start < 40
    assert not set(multiprocessing.active_children()) - before
    assert not [thread for thread in threading.enumerate() if "Executor" in type(thread).__name__]
