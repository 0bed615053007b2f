"""1:N in a large gallery: seconds a thousand probes, and memory that does not grow with probes.

    python perf/search.py [--gallery 1000000] [--size 512] [--probes 512]

Unit vectors are drawn into a file that is mapped and read as a stored embedding is; a probe is its
subject's entry with noise. The gallery is searched with N probes and with four times as many,
each in a process of its own; the peak of both beside the size of the gallery shows what is held.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from harness.metrics import rank_rates, search_gallery

CHUNK = 1 << 15


def make(path: Path, entries: int, size: int) -> None:
    """Unit vectors in a file."""
    rng = np.random.default_rng(0)
    made = np.lib.format.open_memmap(path, "w+", np.float32, (entries, size))
    for first in range(0, entries, CHUNK):
        block = rng.standard_normal((min(CHUNK, entries - first), size), dtype=np.float32)
        made[first : first + len(block)] = block / np.linalg.norm(block, axis=1, keepdims=True)
    made.flush()


def measure(path: Path, count: int, answers: multiprocessing.Queue[tuple[float, ...]]) -> None:
    gallery = np.load(path, mmap_mode="r")
    subjects = np.arange(len(gallery))
    rng = np.random.default_rng(1)
    owner = rng.choice(subjects, count, replace=False)
    probes = gallery[owner] + rng.normal(0, 0.1, (count, gallery.shape[1])).astype(np.float32)
    start = time.perf_counter()
    found = search_gallery(probes, owner, gallery, subjects)
    wall = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    answers.put((wall, peak, rank_rates(found, [1])[0].value))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gallery", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--probes", type=int, default=512)
    asked = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gallery.npy"
        make(path, asked.gallery, asked.size)
        print(f"gallery {asked.gallery:,} x {asked.size}: {path.stat().st_size / 2**20:.0f} MiB")
        for count in (asked.probes, 4 * asked.probes):
            answers = context.Queue()
            process = context.Process(target=measure, args=(path, count, answers))
            process.start()
            wall, peak, rank_one = answers.get()
            process.join()
            print(
                f"{count:>7,} probes: {wall:.1f} s, {1000 * wall / count:.1f} s a thousand, "
                f"{count * asked.gallery / wall / 1e6:.0f} million comparisons/s, "
                f"peak {peak:.0f} MiB, rank 1 {rank_one:.3f}"
            )


if __name__ == "__main__":
    main()
