"""What plugins register beside components: executors and trackers, found by name when asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from harness.components import Params


@dataclass(frozen=True)
class Extension:
    """Cheap declaration of an executor or a tracker.

    ``target`` is ``package.module:Class``, constructed without arguments when the user asks for
    ``name``. An executor derives from :class:`Executor`; a tracker is a class whose methods marked
    ``@hookimpl`` are lifecycle hooks. ``extras`` of the distribution install what it imports.
    ``params`` (``package.light_module:Params``, an :class:`ExecutorParams`) is the schema of an
    executor that can be set up in ``[executor]`` of a recipe; such an executor is constructed with
    these parameters. ``flags`` of an executor are options that ``harness run`` takes for it, each
    with the parameter that it sets, such as ``{"--scheduler": "scheduler"}``.
    """

    name: str
    target: str
    summary: str
    extras: tuple[str, ...] = ()
    requires_api: int = 1
    params: str = ""
    flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Setup:
    """What an executor is opened with, before any work.

    ``folders`` are read and written by every task, under the same path on every machine.
    ``plugin_files`` are single-file plugins that a fresh process must import. ``jobs`` is what the
    user allows to run at once, ``gpu`` says that stages will need one, and ``say`` tells the
    terminal and the log of the study what happened to a worker. ``ended()`` is True once a signal
    has asked the command to end: workers may have got it, too, and are no news.
    """

    folders: tuple[Path, ...]
    plugin_files: tuple[Path, ...] = ()
    jobs: int = 1
    gpu: bool = False
    say: Callable[[str], None] = lambda _: None
    ended: Callable[[], bool] = lambda: False


class ExecutorParams(Params):
    """Base of what ``[executor]`` of a recipe says to an executor."""

    def needs_permission(self) -> Mapping[str, str]:
        """Settings that run commands or hand work to other machines: dotted name to the reason.

        A recipe is data that may come from elsewhere, so where it sets one of these the user has to
        agree (``--allow-code``). A reason continues the sentence "SETTING of executor NAME ...".
        """
        return {}


class Executor(ABC):
    """Where the shards of a stage are made, and whole stages where it is ``remote``.

    A remote executor is called from several threads at once, one per stage.
    """

    remote: ClassVar[bool] = False
    """Whether whole stages go through ``run_stage`` to other processes."""

    def __init__(self, params: Any = None) -> None:
        self.params = params

    def open(self, setup: Setup) -> None:  # noqa: B027 (most executors have nothing to open)
        """Begin, or raise what is wrong before any work is lost."""

    def close(self) -> None:  # noqa: B027
        """End, also after an interrupt: what has not begun never does, what runs is told to stop.

        Threads that wait in the other methods get a ``KeyboardInterrupt``.
        """

    def describe(self, jobs: int) -> str:
        """What ``open`` would start, in words or as the script it would submit."""
        return f"this machine, {jobs} at once"

    def run_stage(
        self,
        task: Callable[[Any, Callable[[Any], None]], Any],
        shared: Any,
        needs: Mapping[str, float],
        hear: Callable[[Any], None],
    ) -> Any:
        """``task(shared, tell)`` where the resources ``needs`` are, such as ``{"GPU": 1}``.

        What the task tells arrives at ``hear``, in the calling thread.
        """
        return task(shared, hear)

    def run_parts(
        self,
        task: Callable[[Any, int, Callable[[Any], None]], Any],
        shared: Any,
        parts: Sequence[int],
        needs: Mapping[str, float],
        hear: Callable[[Any], None],
    ) -> Iterator[tuple[int, Any]]:
        """Yield ``(part, task(shared, part, tell))`` once for every part of a stage, in any order.

        Each part is as ``run_stage`` of its own, and this is what happens where a class has nothing
        better: one after the other. Parts of a remote executor should be in flight together.
        """
        for part in parts:
            yield part, self.run_stage(_one_part, (task, shared, part), needs, hear)

    @abstractmethod
    def run_shards(
        self, task: Callable[[Any, int], Any], shared: Any, shards: Sequence[int], jobs: int
    ) -> Iterator[tuple[int, Any]]:
        """Yield ``(shard, task(shared, shard))`` once for every shard, in any order.

        ``task`` is a module-level function, ``shared`` and what it returns can be pickled. It
        writes into the folder of the stage, so other machines must see the same file system.
        ``jobs`` is what the user allows to run at once. An error of a task is raised as it is;
        finished shards are kept, and only the others are asked for the next time.
        """


def _one_part(which: tuple[Any, Any, int], tell: Callable[[Any], None]) -> Any:
    task, shared, part = which
    return task(shared, part, tell)
