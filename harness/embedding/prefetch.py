"""Work done ahead by a few threads, handed out in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

Job = TypeVar("Job")
Result = TypeVar("Result")


def prefetch(
    jobs: Iterable[Job], work: Callable[[Job], Result], *, threads: int = 2, ahead: int = 2
) -> Generator[Result, None, None]:
    """Yield ``work(job)`` for every job in order, with at most ``ahead`` results under way.

    ``jobs`` may be endless. The order never depends on the number of threads, an exception of
    ``work`` is raised where its result would have come, and closing the iterator ends the threads.
    """
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="prefetch")
    try:
        for job in jobs:
            waiting.append(pool.submit(work, job))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
