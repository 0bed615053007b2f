"""Pairs of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.plugin import UsageError
from harness.plugin.benchmarks import Listing, PairBenchmark, existing
from harness.plugin.lists import pick, read_pairs_csv, read_scored_points

from .params import PairsParams


class Pairs(PairBenchmark):
    """Any pairs, cross-validated as LFW View 2."""

    params: PairsParams
    title = "pairs"

    def listing(self) -> Listing:
        """The CSV list and the images it names."""
        root = self.params.root
        if root is None:
            raise UsageError("benchmark pairs needs root=FOLDER with pairs.csv, or pack=FILE.bin")
        source = existing(root, self.params.pairs or "pairs.csv")
        return Listing({"verification": read_pairs_csv(source)}, root, source)

    def own_listing(self) -> Listing:
        """There is no official list beside it."""
        return self.listing()

    def landmarks(self, folder: Path, names: Sequence[str]) -> NDArray[np.float32] | None:
        """Points of the file, in pixels of these images."""
        if self.params.landmarks is None:
            return None
        file = existing(folder, self.params.landmarks)
        return pick(read_scored_points(file), names, file)
