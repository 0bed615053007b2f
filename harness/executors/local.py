"""Shards in this process or in local workers, started by spawn and never nested with threads."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from harness.errors import HarnessError
from harness.extensions import Executor
from harness.process.lifeline import end_with_parent

AHEAD = 4  # shards in flight a worker: enough to keep it busy, few enough to keep memory flat


class LocalExecutor(Executor):
    """One process, or as many local workers as the user allows."""

    def run_shards(
        self, task: Callable[[Any, int], Any], shared: Any, shards: Sequence[int], jobs: int
    ) -> Iterator[tuple[int, Any]]:
        """See :func:`run_shards`."""
        return run_shards(task, shared, shards, jobs)


def run_shards(
    task: Callable[[Any, int], Any], shared: Any, shards: Sequence[int], jobs: int
) -> Iterator[tuple[int, Any]]:
    """``(shard, task(shared, shard))`` for every shard, as they finish.

    With more than one job, ``task`` must be a module-level function and ``shared`` picklable. A
    worker that is killed ends the stage with a ``HarnessError``; finished shards stay. An interrupt
    or a failed shard stops the workers at once.
    """
    if jobs <= 1 or len(shards) <= 1:
        for shard in shards:
            yield shard, task(shared, shard)
        return
    context = multiprocessing.get_context("spawn")
    workers = min(jobs, len(shards))
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_one_thread) as pool:
        try:
            yield from _in_flight(pool, task, shared, shards, workers * AHEAD)
        except BrokenProcessPool:
            raise HarnessError(
                "a worker process was killed (out of memory?); finished shards are kept, run the "
                "same command again, with a smaller -j if it repeats"
            ) from None
        except BaseException:
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()
            # The pool's own thread reaps the workers: only after it has ended are they gone.
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _in_flight(
    pool: ProcessPoolExecutor,
    task: Callable[[Any, int], Any],
    shared: Any,
    shards: Sequence[int],
    most: int,
) -> Iterator[tuple[int, Any]]:
    waiting: dict[Future[Any], int] = {}
    queue = iter(shards)
    more = True
    while more or waiting:
        while more and len(waiting) < most:
            shard = next(queue, None)
            if shard is None:
                more = False
            else:
                waiting[pool.submit(task, shared, shard)] = shard
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            yield waiting.pop(future), future.result()


def _one_thread() -> None:
    end_with_parent()
    # What a plugin prints in a worker must not mix with the data on standard output.
    sys.stdout = sys.stderr
    # Workers are the parallelism; threads inside them would fight for the same cores.
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"
