"""The benchmark: two images of each person, compared with each other and with somebody else."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from harness import Benchmark
from harness.faces.files import ImageFiles
from harness.protocols.pairs import PairFolds
from harness.seeds import stream


class Drawn(ImageFiles):
    """Images drawn when they are read; for a folder of images take ImageFiles as it is."""

    def read(self, index: int) -> bytes:
        tiles = stream(0, "person", index // 2).integers(40, 215, (7, 7, 3))
        noise = stream(0, "image", index).normal(0, 20, (112, 112, 3))
        pixels = (np.kron(tiles, np.ones((16, 16, 1))) + noise).clip(0, 255).astype(np.uint8)
        return cv2.imencode(".png", pixels)[1].tobytes()


class AcmeOldBenchmark(Benchmark):
    """Two folds that share no person."""

    def images(self) -> Drawn:
        names = [f"{k // 2}-{k % 2}.png" for k in range(2 * self.params.people)]
        return Drawn(Path(), names, template="arcface", subjects=np.arange(len(names)) // 2)

    def comparison(self, name: str) -> PairFolds:
        images, limit, title = self.images(), self.ctx.limit, "acme-old-benchmark"
        firsts = range(0, len(images), 2)
        pairs = [(k, k + 1, True, k // 2 % 2) for k in firsts]
        pairs += [(k, (k + 5) % len(images), False, k // 2 % 2) for k in firsts]
        return PairFolds.build(
            name=title, pairs=pairs, images=images, flip="sum", rule="official", limit=limit
        )
