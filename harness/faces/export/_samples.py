"""The faces of a set one by one, as every layout writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.faces.export import Report
from harness.faces.store import FaceSet

SHARD_IMAGES = 10_000
_SUFFIXES = ((b"\xff\xd8\xff", "jpg"), (b"\x89PNG", "png"), (b"RIFF", "webp"), (b"BM", "bmp"))


@dataclass(frozen=True)
class Sample:
    """One face as the exporters need it."""

    index: int
    identity: int
    sample: int
    label: int
    image: bytes

    @property
    def suffix(self) -> str:
        """File suffix by the first bytes."""
        for magic, suffix in _SUFFIXES:
            if self.image.startswith(magic):
                return suffix
        return "ppm" if self.image[:2] in (b"P3", b"P6") else "pgm"

    @property
    def path(self) -> str:
        """Identity and file, with zeros so that any sorting keeps the order."""
        return f"{self.identity:07d}/{self.sample:05d}.{self.suffix}"


def samples_of(faces: FaceSet, report: Report) -> Iterator[Sample]:
    """Yield every face in order, with its label without gaps, and report each."""
    _, labels = np.unique(faces.subjects, return_inverse=True)
    for index in range(len(faces)):
        identity, sample = int(faces.subjects[index]), int(faces.samples[index])
        report(index + 1, len(faces), "images", "")
        yield Sample(index, identity, sample, int(labels[index]), faces.read(index))
