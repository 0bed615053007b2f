from __future__ import annotations

import threading
import time

import pytest
import torch

from harness.errors import DataError, PrerequisiteError
from harness_plugins.generators.digi2real.batches import ShrinkingBatches

LIMIT_S = 20


class Memory:
    """Makes squares in two steps, as long as a batch fits in each of them."""

    def __init__(self, first=99, second=99):
        self.room = first, second
        self.tried: list[int] = []

    def _fits(self, batch, room):
        if len(batch) > room:
            raise torch.OutOfMemoryError("CUDA out of memory")

    def first(self, batch):
        self.tried.append(len(batch))
        self._fits(batch, self.room[0])
        return [item * item for item in batch]

    def second(self, batch, half):
        self._fits(batch, self.room[1])
        assert half == [item * item for item in batch]
        return [f"{item}: {square}" for item, square in zip(batch, half, strict=True)]


def squares(count):
    return [f"{i}: {i * i}" for i in range(count)]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("count", [0, 1, 3, 4, 11])
def test_every_item_once_and_in_order(count, overlap):
    memory = Memory()
    batches = ShrinkingBatches(4, [].append, overlap=overlap)
    assert list(batches.each(range(count), memory.first, memory.second)) == squares(count)
    assert memory.tried == [4] * (count // 4) + [count % 4] * (count % 4 > 0)


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("room", [{"first": 3}, {"second": 3}])
def test_out_of_memory_halves_the_batch_and_says_so(room, overlap):
    memory, notes = Memory(**room), []
    batches = ShrinkingBatches(8, notes.append, overlap=overlap)
    assert list(batches.each(range(11), memory.first, memory.second)) == squares(11)
    assert notes == [
        "the memory of the GPU ran out: batches of 4 from there on",
        "the memory of the GPU ran out: batches of 2 from there on",
    ]
    memory.tried.clear()  # the next call does not try the large batch again
    assert list(batches.each(range(3), memory.first, memory.second)) == squares(3)
    assert memory.tried == [2, 1]


def test_batches_in_turn_are_tried_no_more_often_than_needed():
    memory = Memory(first=3)
    list(ShrinkingBatches(8, [].append).each(range(11), memory.first, memory.second))
    assert memory.tried == [8, 4, 2, 2, 2, 2, 2, 1]


@pytest.mark.parametrize("room", [{"first": 0}, {"second": 0}])
def test_a_single_image_that_does_not_fit_is_an_error(room):
    memory = Memory(**room)
    with pytest.raises(PrerequisiteError, match="one image does not fit"):
        list(ShrinkingBatches(2, [].append).each(range(3), memory.first, memory.second))


def test_what_fits_alone_is_made_alone():
    """Two single images do not fit beside each other: the thread is given up, and said so."""
    memory, notes, busy = Memory(), [], threading.Lock()

    def first(batch):
        if not busy.acquire(blocking=False):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return memory.first(batch)

    def second(batch, half):
        time.sleep(0.2)
        busy.release()
        return memory.second(batch, half)

    batches = ShrinkingBatches(1, notes.append, overlap=True)
    assert list(batches.each(range(3), first, second)) == squares(3)
    assert notes == [
        "the memory of the GPU ran out: one image at a time, nothing beside it, from there on"
    ]


def test_the_second_step_runs_beside_the_first_of_the_next_batch():
    """Each of the two waits for the other to begin, which only works when they overlap."""
    meet = threading.Barrier(2)
    names = set()

    def first(batch):
        if batch[0] == 1:
            meet.wait(LIMIT_S)
        return batch

    def second(batch, _half):
        names.add(threading.current_thread().name)
        if batch[0] == 0:
            meet.wait(LIMIT_S)
        return batch

    assert list(ShrinkingBatches(1, [].append, overlap=True).each([0, 1, 2], first, second)) == [
        0,
        1,
        2,
    ]
    assert threading.current_thread().name not in names


def test_no_more_than_two_batches_are_in_the_air():
    """However slow the second step is, the first does not run away from it."""
    lock, state = threading.Lock(), {"now": 0, "most": 0}

    def first(batch):
        with lock:
            state["now"] += 1
            state["most"] = max(state.values())
        return batch

    def second(batch, _half):
        time.sleep(0.02)
        with lock:
            state["now"] -= 1
        return batch

    list(ShrinkingBatches(1, [].append, overlap=True).each(range(12), first, second))
    assert state == {"now": 0, "most": 2}


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("where", ["first", "second"])
@pytest.mark.parametrize("error", [DataError("a sentence"), KeyboardInterrupt(), MemoryError()])
def test_errors_end_the_work_and_are_the_same(error, where, overlap):
    def broken(batch, _half=None):
        if batch[0] >= 4:
            raise error
        return list(batch)

    steps = [broken if name == where else lambda batch, *_: list(batch)
             for name in ("first", "second")]  # fmt: skip
    found: list[int] = []
    work = ShrinkingBatches(2, [].append, overlap=overlap).each(range(9), *steps)
    with pytest.raises(type(error)) as caught:
        found.extend(work)
    assert caught.value is error
    assert found == [0, 1, 2, 3][: len(found)]


def test_an_interrupt_while_a_batch_waits_leaves_nothing_running():
    """A reader that stops early: what is running ends, what is queued never starts."""
    begun = []

    def second(batch, _half):
        begun.append(batch[0])
        time.sleep(0.1)
        return list(batch)

    work = ShrinkingBatches(1, [].append, overlap=True).each(
        range(9), lambda batch: list(batch), second
    )
    assert next(work) == 0
    work.close()
    assert begun in ([0], [0, 1])
