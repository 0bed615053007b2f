"""Work in batches of two steps, the second beside the first step of the next batch.

On a GPU the first step (the UNet) keeps the device busy while a thread decodes, looks for faces and
encodes. At most two batches are in the air. On a CPU both steps want the same processors, so they
take turns. Results come in the order of the items and are the same either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import torch

from harness.plugin import PrerequisiteError

Item = TypeVar("Item")
Half = TypeVar("Half")
Made = TypeVar("Made")

First = Callable[[Sequence[Item]], Half]
Second = Callable[[Sequence[Item], Half], Sequence[Made]]


class ShrinkingBatches:
    """Batches of at most ``size``, halved for good when the memory of the GPU runs out."""

    def __init__(self, size: int, note: Callable[[str], None], *, overlap: bool = False) -> None:
        self.size, self.overlap, self._note = size, overlap, note

    def each(
        self, items: Sequence[Item], first: First[Item, Half], second: Second[Item, Half, Made]
    ) -> Iterator[Made]:
        """``second(batch, first(batch))`` of consecutive batches, one by one and in order.

        A batch that does not fit in the memory of the GPU is made again, half as large; the reader
        of the result is told once per halving. Any other error ends the work. When this returns,
        fails or is closed early no thread is left. Raises PrerequisiteError when a single item does
        not fit.
        """
        done = 0
        while done < len(items):
            rest = items[done:]
            run = self._beside if self.overlap else self._in_turn
            for made in run(rest, first, second):
                done += len(made)
                yield from made
            if done < len(items):
                self._shrink(min(self.size, len(items) - done))

    def _cut(self, items: Sequence[Item]) -> list[Sequence[Item]]:
        return [items[start : start + self.size] for start in range(0, len(items), self.size)]

    def _in_turn(
        self, items: Sequence[Item], first: First[Item, Half], second: Second[Item, Half, Made]
    ) -> Iterator[Sequence[Made]]:
        """What was made of each batch, until one does not fit."""
        for batch in self._cut(items):
            made = _unless_full(_both, first, second, batch)
            if made is None:
                return
            yield made

    def _beside(
        self, items: Sequence[Item], first: First[Item, Half], second: Second[Item, Half, Made]
    ) -> Iterator[Sequence[Made]]:
        """The same with the second step in a thread, a batch behind the first."""
        thread = ThreadPoolExecutor(1, "digi2real")
        behind: Future[Sequence[Made] | None] | None = None
        try:
            for batch in self._cut(items):
                half = _unless_full(first, batch)
                before, behind = behind, None
                if half is not None:
                    behind = thread.submit(_unless_full, second, batch, half)
                    del half
                if before is not None:
                    made = before.result()
                    if made is None:
                        return
                    yield made
                if behind is None:
                    return
            if behind is not None:
                made = behind.result()
                if made is not None:
                    yield made
        finally:
            thread.shutdown(wait=True, cancel_futures=True)

    def _shrink(self, tried: int) -> None:
        torch.cuda.empty_cache()
        ran_out = "the memory of the GPU ran out"
        if tried > 1:
            self.size = tried // 2
            self._note(f"{ran_out}: batches of {self.size} from there on")
        elif self.overlap:
            self.overlap = False
            self._note(f"{ran_out}: one image at a time, nothing beside it, from there on")
        else:
            raise PrerequisiteError(
                "one image does not fit in the memory of the GPU; use a larger one, "
                "--device cpu or a smaller -G image_px"
            )


def _both(
    first: First[Item, Half], second: Second[Item, Half, Made], batch: Sequence[Item]
) -> Sequence[Made]:
    return second(batch, first(batch))


def _unless_full(make: Callable[..., Made], *arguments: Any) -> Made | None:
    """What ``make`` gives, or None when the memory of the GPU ran out.

    The error is let go here: its traceback holds the tensors of the batch.
    """
    try:
        return make(*arguments)
    except torch.OutOfMemoryError:
        return None
