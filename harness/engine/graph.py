"""Orders of things that need each other: each as soon as all it needs is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait


def soonest(names: Iterable[str], needs: Mapping[str, set[str]]) -> Iterator[str]:
    """The ``names`` in their order, and each name of ``needs`` right after the last it needs.

    Needs that are not among the names count as done.
    """
    order = dict.fromkeys(names)
    left = {name: asked & order.keys() for name, asked in needs.items()}
    asking: dict[str, list[str]] = {}
    for name, asked in left.items():
        for needed in asked:
            asking.setdefault(needed, []).append(name)
    yield from [name for name, asked in left.items() if not asked]
    for done in order:
        yield done
        for name in asking.get(done, ()):
            left[name].discard(done)
            if not left[name]:
                yield name


def together(
    needs: Mapping[str, set[str]],
    do: Callable[[str], None],
    *,
    most: int,
    stopped: Callable[[], bool] = lambda: False,
    interrupt: Callable[[], None] = lambda: None,
) -> None:
    """Call ``do`` once with every name, in threads, after all the names it ``needs``.

    Needs outside the mapping count as done. Nothing more begins once ``stopped`` says so. An error
    of ``do``, or an interrupt while waiting, calls ``interrupt``, lets the threads end and is
    raised.
    """
    left = {name: asked & needs.keys() for name, asked in needs.items()}
    running: dict[Future[None], str] = {}

    def unless_stopped(name: str) -> None:
        if not stopped():
            do(name)

    with ThreadPoolExecutor(most) as pool:
        try:
            while left or running:
                for name in [name for name, asked in left.items() if not asked]:
                    del left[name]
                    running[pool.submit(unless_stopped, name)] = name
                assert running, f"these need each other: {sorted(left)}"
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    name = running.pop(future)
                    future.result()
                    for asked in left.values():
                        asked.discard(name)
        except BaseException:
            interrupt()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
