"""Faces that are made while they are trained on: no set is stored, memory stays bounded."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING, cast

import numpy as np

from harness.align.aligned import AlignedImages
from harness.align.place import Rule, place, resolve
from harness.errors import DataError, UsageError
from harness.faces.face import Face, Slot
from harness.training.data.subset import classes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from harness.align.place import Policy
    from harness.components import Generator, InputSpec

    Choose = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]


class Streamed:
    """A generator's faces as training data: each is generated and aligned when it is drawn.

    ``open_generator`` gives a prepared generator; it is called once for every thread that reads at
    the same time. ``choose`` maps identities and samples (int64 (N,) each) to a mask of those
    trained on. A face has the bytes it has in a stored set. One that is missing, or in which no
    face is placed, is replaced by the next sample of the same identity: which ones these are is
    not known before they are made. ``replaced`` counts them by reason, since this object exists.
    """

    def __init__(
        self,
        open_generator: Callable[[], Generator],
        rule: Rule,
        spec: InputSpec,
        choose: Choose,
        limit: int | None = None,
    ) -> None:
        self._open, self._spec = open_generator, spec
        self._idle: LifoQueue[Generator] = LifoQueue()
        self._lock = threading.Lock()
        self.replaced: dict[Slot, str] = {}
        with self._generator() as generator:
            self._counts = np.asarray(generator.samples_per_identity(), np.int64)[:limit]
        identities = np.repeat(np.arange(len(self._counts)), self._counts)
        starts = np.repeat(np.cumsum(self._counts) - self._counts, self._counts)
        samples = np.arange(len(identities)) - starts
        mask = choose(identities, samples)
        if not mask.any():
            raise DataError("a streamed generator has no samples; raise its number of identities")
        self._identities, self._samples = identities[mask], samples[mask]
        self.labels: NDArray[np.int64] = classes(self._identities)
        self._rule = self._resolved(rule)

    def __len__(self) -> int:
        return len(self._identities)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Aligned pixels, uint8 RGB (H, W, 3); raises DataError if an identity has no face."""
        first = Slot(int(self._identities[index]), int(self._samples[index]))
        for slot in self._from(first):
            face = self._made(slot)
            found = self._aligned(face) if isinstance(face, Face) else face
            if not isinstance(found, str):
                return found
            self.replaced[slot] = found
        raise DataError(
            f"identity {first.identity} has no sample with a face; the last reason was: {found}"
        )

    def _from(self, slot: Slot) -> Iterator[Slot]:
        """All samples of a slot's identity, from that slot on."""
        count = int(self._counts[slot.identity])
        for step in range(count):
            yield Slot(slot.identity, (slot.sample + step) % count)

    def _made(self, slot: Slot) -> Face | str:
        with self._generator() as generator:
            (made,) = list(generator.generate([slot]))  # to the end, so that it is idle again
        return made if isinstance(made, Face) else made.reason

    def _aligned(self, face: Face) -> NDArray[np.uint8] | str:
        shown = _Shown(face)
        try:
            placed = place(shown, self._rule)
        except UsageError as error:
            return str(error)
        if placed.failed[0]:
            return placed.reasons[0]
        return AlignedImages(shown, placed, self._spec).image(0)

    def _resolved(self, rule: Rule) -> Rule:
        """The rule as it is for the whole set, found on its first face."""
        first = Slot(int(self._identities[0]), int(self._samples[0]))
        faces = (self._made(slot) for slot in self._from(first))
        face = next((face for face in faces if isinstance(face, Face)), None)
        if face is None:
            raise DataError(f"identity {first.identity} of a streamed generator has no face")
        method = resolve(rule, _Shown(face), detector=False)
        return replace(rule, policy=cast("Policy", method))

    @contextmanager
    def _generator(self) -> Iterator[Generator]:
        """A generator that no other thread is using."""
        try:
            generator = self._idle.get_nowait()
        except Empty:
            with self._lock:
                generator = self._open()
        try:
            yield generator
        finally:
            self._idle.put(generator)


class _Shown:
    """One face as an image set, for the rules that place faces."""

    def __init__(self, face: Face) -> None:
        self._face = face
        points, box = face.landmarks, face.box
        self.landmarks = np.full((1, 5, 2), np.nan, np.float32) if points is None else (
            np.asarray(points, np.float32).reshape(1, 5, 2))  # fmt: skip
        self.boxes = np.full((1, 4), np.nan, np.float32) if box is None else (
            np.asarray(box, np.float32).reshape(1, 4))  # fmt: skip
        self.template, self.subjects = face.template, None
        self.names: Sequence[str] = [f"{face.slot.identity}/{face.slot.sample}"]

    def __len__(self) -> int:
        return 1

    def read(self, index: int) -> bytes:
        """Encoded bytes."""
        return self._face.image
