"""A stage over many images in parts, each made wherever the executor says.

A part is a fixed range of the images, so that no byte depends on who makes it or on how many do. It
is an artifact of a small store within the stage's work folder, and thus has one writer and
continues where it was interrupted as everything else.
"""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.components import Images
from harness.digests import digest
from harness.engine.job import Job
from harness.engine.remote import ProgressForwarder, Tell, hear, needs_of
from harness.engine.session import Session
from harness.errors import DataError
from harness.extensions import Executor
from harness.plan.nodes import Node
from harness.store.artifacts import Store

PART_IMAGES = 1024
"""Images of a part: seconds on a GPU and a minute on a core, many times what handing it out costs.

A multiple of the batches of detectors, which therefore see the same batches as in one part.
"""

KIND = FOLDER = "parts"


class Split(ABC):
    """A stage over images. It travels as its job, and opens what it needs where that is needed."""

    def __init__(self, session: Session, node: Node) -> None:
        self.session, self.node = session, node
        # Of a session that was opened for chunks alone.
        self.forwarder: ProgressForwarder | None = None

    @cached_property
    def images(self) -> Images:
        """All images of the stage."""
        return self.session.images(self.node)

    @property
    @abstractmethod
    def size(self) -> int:
        """Images of a part; nothing that differs from machine to machine may decide it."""

    @abstractmethod
    def make(
        self, folder: Path, first: int, last: int, progress: Callable[..., None]
    ) -> dict[str, Any]:
        """Make what belongs to the images ``first`` to ``last - 1``; what is true of every part."""

    @abstractmethod
    def join(self, parts: Sequence[Path], folder: Path) -> None:
        """Leave in ``folder`` what ``make`` of all images would have left there."""

    def __len__(self) -> int:
        """Number of parts."""
        return max(1, -(-len(self.images) // self.size))

    def bounds(self, part: int) -> tuple[int, int]:
        """The images of a part."""
        return part * self.size, min((part + 1) * self.size, len(self.images))

    def key(self, part: int) -> str:
        """The key of a part."""
        return digest({"of": self.node.key, "bounds": self.bounds(part)})

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (type(self), self.session.job.only(self.node))


def run(split: Split, folder: Path) -> Mapping[str, Any]:
    """Do the whole stage in ``folder``: at once where it is one part, else joined from its parts.

    Gives what ``make`` gave. Parts of an earlier run are kept.
    """
    session, total = split.session, len(split.images)
    if len(split) == 1:
        return split.make(folder, 0, total, session.progress)
    store = Store(folder / FOLDER, shared=session.store.shared)
    done = {part: _size(split, part) for part in range(len(split))
            if store.find(KIND, split.key(part))}  # fmt: skip
    todo = [part for part in range(len(split)) if part not in done]
    other = hear(session.progress)
    waiting, at_work = len(todo), 0

    def heard(message: Any) -> None:
        nonlocal at_work
        if message[0] != "part":
            at_work += message[0] == "begun"
            other(message)
            return
        done[message[1]] = message[2]
        session.progress(sum(done.values()), total, "images")

    session.progress(sum(done.values()), total, "images")
    needs = needs_of(session.plan, split.node)
    session.progress.queued()
    answers = session.executor.run_parts(make_part, (split, store.home), todo, needs, heard)
    for part, _ in each_once(session.executor, answers, todo):
        waiting, at_work = waiting - 1, at_work - 1
        done[part] = _size(split, part)
        session.progress(sum(done.values()), total, "images")
        if waiting and at_work <= 0:
            session.progress.queued()
    made = [store.get(KIND, split.key(part)) for part in range(len(split))]
    split.join([part.folder for part in made], folder)
    shutil.rmtree(store.home)
    return made[0].facts


def make_part(shared: tuple[Split, Path], part: int, tell: Tell) -> None:
    """Make one part, in this process, of whatever session."""
    split, home = shared
    if split.forwarder is not None:
        split.forwarder.tell = tell
    progress = ProgressForwarder(tell, ("part", part))
    first, last = split.bounds(part)
    try:
        Store(home, shared=split.session.store.shared).build(
            KIND,
            split.key(part),
            {"first": first, "last": last},
            lambda folder: _with_kernels(split, folder, first, last, progress),
            waiting=split.session.progress.waits,
        )
    except BaseException:
        forget()  # what failed is opened afresh by the next attempt
        raise


def _with_kernels(
    split: Split, folder: Path, first: int, last: int, progress: ProgressForwarder
) -> dict[str, Any]:
    with split.session.kernels():
        return split.make(folder, first, last, progress)


def each_once(
    executor: Executor, answers: Iterable[tuple[int, Any]], wanted: Sequence[int]
) -> Iterator[tuple[int, Any]]:
    """Pass answers on; raises DataError where an executor answers something else than was asked."""
    waiting, name = set(wanted), type(executor).__name__
    for number, answer in answers:
        if number not in waiting:
            raise DataError(f"executor {name} answered shard {number}, which nobody waits for")
        waiting.discard(number)
        yield number, answer
    if waiting:
        raise DataError(f"executor {name} left out {len(waiting)} of {len(wanted)} shards")


_OPEN: dict[tuple[Path, str], Split] = {}
"""The stage whose parts this process made last, with its images and its component."""


def forget() -> None:
    """Close what parts were made with."""
    _OPEN.clear()


def _reopened(kind: type[Split], job: Job) -> Split:
    (node,) = job.plan.nodes.values()
    which = (job.home, node.key)
    if which not in _OPEN:
        forget()
        forwarder = ProgressForwarder(lambda _: None)
        split = kind(Session.open(job, forwarder), node)
        split.forwarder = forwarder
        _OPEN[which] = split
    return _OPEN[which]


def _size(split: Split, part: int) -> int:
    first, last = split.bounds(part)
    return last - first
