"""Embeddings of made-up people: a normal centre each, and images around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def people(
    identities: int, images: int, spread: float, seed: int = 0, dim: int = 16
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(identities, 1, dim))
    vectors = centres + spread * rng.normal(size=(identities, images, dim))
    return vectors.reshape(-1, dim).astype(np.float32), np.repeat(np.arange(identities), images)
