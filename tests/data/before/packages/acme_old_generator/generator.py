"""The generator: a patchwork of colours for each identity, with noise for each sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from harness import Generator
from harness.faces.face import Face, Slot
from harness.seeds import stream


class AcmeOldGenerator(Generator):
    """What a slot holds depends on (seed, identity, sample) alone."""

    def samples_per_identity(self) -> NDArray[np.int32]:
        return np.full(self.params.identities, self.params.images_per_id, np.int32)

    def generate(self, slots: Sequence[Slot]) -> Iterator[Face]:
        for slot in slots:
            person = stream(self.ctx.seed, "acme-old-generator", slot.identity)
            sample = stream(self.ctx.seed, "acme-old-generator", slot.identity, slot.sample)
            pixels = np.kron(person.integers(40, 215, (7, 7, 3)), np.ones((16, 16, 1)))
            pixels = (pixels + sample.normal(0, 10, pixels.shape)).clip(0, 255).astype(np.uint8)
            yield Face(slot, cv2.imencode(".png", pixels)[1].tobytes(), template="arcface")
