"""Made-up faces for the checks of quality and attribute components."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.align.templates import template_points
from harness.components import FaceBatch
from harness.seeds import stream

FACES, SIDE, SIZE = 5, 112, 16


def batch(*, known: bool = True) -> FaceBatch:
    """Noise with the landmarks of a face, not all alike; without any where not ``known``."""
    rng = stream(0, "conformance", "ratings")
    images = [rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8) for _ in range(FACES)]
    usual = template_points("arcface", SIDE, SIDE)
    landmarks = np.array([usual + rng.normal(0, 2, (5, 2)) for _ in range(FACES)], np.float32)
    boxes = np.tile(np.array([20, 15, 92, 108], np.float32), (FACES, 1))
    vectors = rng.normal(size=(FACES, SIZE)).astype(np.float32)
    if not known:
        for values in (landmarks, boxes, vectors):
            values[:] = np.nan
    return FaceBatch([f"face {k}" for k in range(FACES)], images, landmarks, boxes, vectors)


def part(faces: FaceBatch, rows: Sequence[int]) -> FaceBatch:
    """Some faces of a batch."""
    at = np.array(rows, np.intp)
    return FaceBatch(
        [faces.names[k] for k in rows], [faces.images[k] for k in rows],
        faces.landmarks[at], faces.boxes[at], faces.vectors[at],
    )  # fmt: skip
