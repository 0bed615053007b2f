"""What one rendered image costs, stage by stage, and how many come out of a core in a second.

    OMP_NUM_THREADS=1 python perf/render.py [--images 400] [--px 112 224]

Prints the share of every stage and, as the physical limit to compare with, the cost of encoding the
finished pixels as JPEG, which no renderer can avoid.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from harness.faces.face import Slot
from harness_plugins.generators.bfm.generator import Bfm
from harness_plugins.generators.bfm.params import Params


class Bench:
    """A context that keeps artifacts in a temporary folder."""

    seed, device, precision, batch_size, limit = 0, "cpu", "fp32", None, None

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def artifact(self, name, parts, build):
        folder = self._folder / name
        if not folder.exists():
            folder.mkdir()
            build(folder)
        return folder


def cpu_seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(folder: Path, px: int, images: int) -> None:
    generator = Bfm(Params(image_px=px))
    generator.prepare(Bench(folder))
    slots = [Slot(i // 20, i % 20) for i in range(images)]
    faces = list(generator.generate(slots[:20]))  # compiles and warms up
    whole = cpu_seconds(lambda: [None for _ in generator.generate(slots)]) / images
    pixels = [cv2.imdecode(np.frombuffer(f.image, np.uint8), 1) for f in faces]
    jpeg = cpu_seconds(
        lambda: [cv2.imencode(".jpg", p, [cv2.IMWRITE_JPEG_QUALITY, 95]) for p in pixels * 20]
    ) / (20 * len(pixels))
    background = (
        cpu_seconds(lambda: [generator._background.draw(generator._stream("b", s)) for s in slots])
        / images
    )
    mesh = (
        cpu_seconds(
            lambda: [generator._expressive(generator._identity(s.identity)[0], s) for s in slots]
        )
        / images
    )
    print(f"{px:4d} px  {1 / whole:7.0f} images per CPU-second, {1e3 * whole:.2f} ms an image")
    for name, cost in (("mesh", mesh), ("background", background), ("jpeg", jpeg)):
        print(f"         {name:<12}{1e3 * cost:6.2f} ms  {cost / whole:6.1%}")
    rest = whole - mesh - background - jpeg
    print(f"         {'raster':<12}{1e3 * rest:6.2f} ms  {rest / whole:6.1%}")
    print(f"         whole / jpeg alone: {whole / jpeg:.1f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--px", type=int, nargs="+", default=[112, 224])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for px in arguments.px:
            measure(Path(folder), px, arguments.images)


if __name__ == "__main__":
    main()
