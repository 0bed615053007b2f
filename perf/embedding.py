"""Decoding, aligning and embedding together: do they overlap, and does memory stay flat?

``python perf/embedding.py`` embeds JPEGs made here (250 x 250, as LFW) with a stand-in for a
network on a GPU: it sleeps for its share of a second and uses no CPU. If decoding and warping hide
behind it, the run takes as long as the sleep, whatever the number of threads; and with a network
that takes no time at all the run shows how fast images are made. Memory is the peak above what one
image set costs, at N and at four times N images, each in a process of its own.

Wall time is what overlap is about, so a busy machine spoils the figures; CPU time is printed too.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from harness.align.aligned import AlignedImages
from harness.align.placements import Placements
from harness.align.templates import template_points
from harness.components import InputSpec, Model, Params
from harness.embedding.extract import extract

DISTINCT = 64
TARGET_WAIT, TARGET_GROWTH_MB = 1.15, 20.0


class Asleep(Model):
    """A network that computes nothing for a given time an image."""

    input_spec = InputSpec(112, 112, "arcface")
    embedding_size = 512

    def __init__(self, rate: float) -> None:
        super().__init__(Params())
        self.rate, self.slept = rate, 0.0

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Zeros after ``len(images) / rate`` seconds."""
        if self.rate:
            time.sleep(len(images) / self.rate)
            self.slept += len(images) / self.rate
        return np.zeros((len(images), self.embedding_size), np.float32)


class Repeated:
    """A few encoded images over and over, so that a large set costs no memory."""

    def __init__(self, count: int) -> None:
        rng = np.random.default_rng(0)
        self.names: range | list[str] = range(count)
        self.template = None
        self.subjects = None
        self.files = []
        for _ in range(DISTINCT):
            smooth = cv2.GaussianBlur(rng.normal(size=(250, 250, 3)), (0, 0), 4)
            image = np.clip(128 + 300 * smooth, 0, 255).astype(np.uint8)
            self.files.append(cv2.imencode(".jpg", image)[1].tobytes())

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int) -> bytes:
        """The file of an image."""
        return self.files[index % DISTINCT]


@dataclass(frozen=True)
class Run:
    """What one extraction took: seconds and megabytes."""

    wall_s: float
    network_s: float
    cpu_s: float
    peak_mb: float


def run(count: int, rate: float, threads: int) -> Run:
    """Embed ``count`` images with a network of ``rate`` images a second (0: no time)."""
    cv2.setNumThreads(1)
    images = Repeated(count)
    points = np.tile(template_points("arcface", 112, 112) * 1.1 + 60, (count, 1, 1))
    placements = Placements(
        points.astype(np.float32), np.ones(count, np.float32), ["given"] * count, [""] * count
    )
    model = Asleep(rate)
    data = AlignedImages(images, placements, model.input_spec)  # type: ignore[arg-type]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        extract(model, data, images.names, mirror=False, folder=Path(folder), threads=threads)  # type: ignore[arg-type]
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Pages of the result's files count as resident while they are mapped.
    mapped = count * model.embedding_size * 4 / 1e6
    return Run(wall, model.slept, cpu, (after - before) / 1e3 - mapped)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    good = True
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        alone = pool.apply(run, (options.images, 0.0, options.threads))
        print(f"decode + warp: {options.images / alone.wall_s:.0f} images/s by the clock, "
              f"{options.images / alone.cpu_s:.0f} images/cpu-s")  # fmt: skip
        for rate in (250.0, 500.0, 1000.0):
            found = pool.apply(run, (options.images, rate, options.threads))
            share = found.wall_s / found.network_s
            good &= share <= TARGET_WAIT
            print(f"a network of {rate:.0f} images/s: {share:.2f}x its own time "
                  f"(target {TARGET_WAIT}x)")  # fmt: skip
        peaks = [
            pool.apply(run, (factor * options.images, 0.0, options.threads)).peak_mb
            for factor in (1, 4)
        ]
    growth = peaks[1] - peaks[0]
    good &= growth <= TARGET_GROWTH_MB
    print(f"peak above the set: {peaks[0]:.0f} MB at N, {peaks[1]:.0f} MB at 4 N "
          f"(target: at most {TARGET_GROWTH_MB:.0f} MB more)")  # fmt: skip
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
