"""Generate: slots to shards of a face set, in workers, resumable by shard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from harness.components import Generator
from harness.digests import digest
from harness.engine.chunks import each_once
from harness.engine.context import RunContext
from harness.engine.job import Job
from harness.engine.session import Session
from harness.engine.stages import first_faces
from harness.errors import DataError
from harness.faces.doubles import copy_notes
from harness.faces.face import Face, Missing, Slot
from harness.faces.slots import Slots
from harness.faces.store import FaceSet, ShardFacts, shard_facts, shard_path, write_shard
from harness.plan.nodes import Node


def run(node: Node, session: Session, folder: Path) -> dict[str, Any]:
    """Make the face set of a node in ``folder``; finished shards of an earlier run are kept."""
    generator, ctx = session.generator(node)
    slots = _slots(generator, ctx)
    if not len(slots):
        raise DataError(f"generator {node.label} has no samples; raise its number of identities")
    shards = -(-len(slots) // generator.shard_slots)
    done = dict(_left(folder, shards, session))
    session.progress(_count(done.values()), len(slots), "images")
    todo = [index for index in range(shards) if index not in done]
    if not done and not session.executor.remote:
        first_faces.show(node, session, generator, slots)
    task = session.job.only(node), folder
    answers = session.executor.run_shards(make_shard, task, todo, session.jobs)
    with _counted(session.progress, done, len(slots)):
        for index, (facts, notes) in each_once(session.executor, answers, todo):
            done[index] = facts
            for note in notes:
                ctx.note(note)
            session.progress(_count(done.values()), len(slots), "images")
    return _facts(folder, [done[i] for i in range(shards)], len(slots), ctx)


def _left(folder: Path, shards: int, session: Session) -> Iterator[tuple[int, ShardFacts]]:
    """Shards of an interrupted run; one that is damaged is deleted, so that it is made again."""
    for index in range(shards):
        path = shard_path(folder, index)
        if path.exists():
            try:
                yield index, shard_facts(path)
            except DataError as error:
                session.progress.line(f"{error}; this shard is made again")
                path.unlink()


_HEARD: list[Callable[[int], None]] = []
"""Who hears how many faces of a shard are made, where that is done in the process that waits."""


@contextmanager
def _counted(
    progress: Callable[[int, int, str], None], done: Mapping[int, ShardFacts], total: int
) -> Iterator[None]:
    """Report single faces of shards that this process makes itself; workers report whole ones."""
    _HEARD.append(lambda made: progress(_count(done.values()) + made, total, "images"))
    try:
        yield
    finally:
        _HEARD.pop()


# By key and parameters: the paths in them are no part of the key and may have moved since.
_PREPARED: dict[tuple[str, str], tuple[Session, Generator, Slots, RunContext]] = {}


def make_shard(task: tuple[Job, Path], index: int) -> tuple[ShardFacts, list[str]]:
    """Make one shard of the job's node in a folder, and give what the generator noted.

    A worker prepares the generator once.
    """
    job, folder = task
    (node,) = job.plan.nodes.values()
    which = (node.key, repr(node.worker))
    if which not in _PREPARED:
        session = Session.open(job)
        generator, ctx = session.generator(node)
        _PREPARED.clear()
        _PREPARED[which] = session, generator, _slots(generator, ctx), ctx
    session, generator, slots, ctx = _PREPARED[which]
    size = generator.shard_slots
    wanted = slots.between(index * size, (index + 1) * size)
    with session.kernels():
        facts = write_shard(shard_path(folder, index), _checked(generator, wanted))
    return facts, list(ctx.notes)


def _checked(generator: Generator, wanted: Sequence[Slot]) -> Iterator[Face | Missing]:
    """What the generator yields, refused when it is not an answer to what was asked."""
    count = 0
    for slot, item in zip(wanted, generator.generate(wanted), strict=False):
        if not isinstance(item, Face | Missing) or item.slot != slot:
            raise DataError(
                f"{type(generator).__name__} answered slot {tuple(slot)} with "
                f"{getattr(item, 'slot', type(item).__name__)}; it must yield one Face or Missing "
                "for each slot, in order"
            )
        count += 1
        for heard in _HEARD[-1:]:
            heard(count)
        yield item
    if count != len(wanted):
        raise DataError(f"{type(generator).__name__} yielded {count} of {len(wanted)} slots")


def _slots(generator: Generator, ctx: RunContext) -> Slots:
    return Slots(generator.samples_per_identity()[: ctx.limit])


def _count(facts: Iterable[ShardFacts]) -> int:
    return sum(item.faces + item.missing for item in facts)


def _facts(
    folder: Path, shards: Sequence[ShardFacts], slots: int, ctx: RunContext
) -> dict[str, Any]:
    faces = FaceSet(folder)
    held = len(faces) + sum(1 for _ in faces.missing())
    if held != slots:
        raise DataError(f"the face set in {folder} holds {held} of {slots} samples; run again")
    if not len(faces):
        reason = next(iter(faces.missing())).reason
        raise DataError(f"no face could be generated; the first reason was: {reason}")
    for note in copy_notes(faces):
        ctx.note(note)
    reasons = Counter(item.reason for item in faces.missing())
    return {
        "identities": len(np.unique(faces.subjects)),
        "faces": len(faces),
        "missing": sum(item.missing for item in shards),
        "missing_reasons": dict(reasons.most_common(20)),
        "image_bytes": sum(item.image_bytes for item in shards),
        "sha256": digest([asdict(item) for item in shards]),
        "warnings": ctx.notes,
    }
