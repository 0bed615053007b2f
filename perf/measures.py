"""Measures of a set against the matrix products that they cannot do without, in one run.

    python perf/measures.py [--images 20000] [--identities 2000] [--seen 14400] [--dim 512]

The floor of a measure is the bare products of the blocks that it looks at. Each pair is timed in
turn (floor, measure) by processor time, so that other work on the machine weighs on both. Memory is
the growth of the peak above the embeddings; it is shown at half the size too.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

from harness.measures.consistency import assign, consistency
from harness.measures.embedded import SortedEmbeddings, embedded
from harness.measures.leakage import find
from harness.measures.separability import separability
from harness.measures.uniqueness import greedy, lowest_cosines

ROWS = 2048


def made(images: int, identities: int, dim: int, seed: int) -> SortedEmbeddings:
    """Unit embeddings around a centre for each identity."""
    rng = np.random.default_rng(seed)
    each = images // identities
    centres = rng.standard_normal((identities, 1, dim), np.float32)
    vectors = np.repeat(centres, each, axis=1).reshape(-1, dim)
    for first in range(0, len(vectors), ROWS):
        part = vectors[first : first + ROWS]
        part += 0.7 * rng.standard_normal(part.shape, np.float32)
    return embedded(vectors, np.repeat(np.arange(identities), each))


def products(a: np.ndarray, b: np.ndarray, *, triangle: bool = False) -> Callable[[], None]:
    """The products of all blocks of two matrices, thrown away."""

    def run() -> None:
        for i in range(0, len(a), ROWS):
            for j in range(i if triangle else 0, len(b), ROWS):
                a[i : i + ROWS] @ b[j : j + ROWS].T

    return run


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def peak_mib() -> float:
    """Peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print one row per measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--identities", type=int, default=2_000)
    parser.add_argument("--seen", type=int, default=14_400)
    parser.add_argument("--dim", type=int, default=512)
    given = parser.parse_args()
    faces = made(given.images, given.identities, given.dim, 0)
    seen = made(given.seen, given.seen, given.dim, 1)
    before = peak_mib()
    centres, others, unit = faces.centres(), seen.centres(), faces.unit
    order = np.arange(len(centres))
    rng = np.random.default_rng(0)
    own = products(centres, centres, triangle=True)

    def leak() -> None:
        find(faces, seen, fmr=max(1e-4, 20 / len(others) ** 2))

    def leak_floor() -> None:
        products(centres, others)()
        products(others, others, triangle=True)()  # the threshold

    work = {
        "separability": (products(unit, unit, triangle=True), lambda: separability(faces, rng)),
        "consistency": (products(unit, centres), lambda: consistency(faces, assign(faces), rng)),
        "uniqueness": (own, lambda: greedy(centres, order, 0.9)),
        "capacity": (products(unit, unit, triangle=True), lambda: lowest_cosines(unit)),
        "leakage": (leak_floor, leak),
    }
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    print(f"{given.images:,} images of {given.identities:,} people, {given.seen:,} more")
    print(f"{given.dim} dimensions, {threads} threads")
    for name, (floor, measure) in work.items():
        bare, whole = seconds(floor), seconds(measure)
        print(f"{name:14} {whole:8.2f} s   floor {bare:8.2f} s   {whole / bare:5.2f} x")
        sys.stdout.flush()
    print(f"peak above the embeddings: {peak_mib() - before:,.0f} MiB")


if __name__ == "__main__":
    main()
