"""LFW: its images, its pairs and the landmarks that go with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.plugin.benchmarks import Listing, PairBenchmark, existing, person_by_folder
from harness.plugin.images import image_size
from harness.plugin.lists import landmark_scale, pick, read_lfw_pairs, read_scored_points

from .params import LfwParams


class Lfw(PairBenchmark):
    """LFW View 2 (Huang et al. 2007): person-disjoint folds of matched and mismatched pairs."""

    params: LfwParams
    title = "lfw-view2"
    official_pairs = 6000

    def listing(self) -> Listing:
        """``pairs.txt``; the folders of people are in the root or in its ``lfw/``."""
        source = existing(self.params.root, self.params.pairs or "pairs.txt")
        folder = existing(self.params.root, "lfw", ".")
        return Listing(
            {"verification": read_lfw_pairs(source)}, folder, source, subject=person_by_folder
        )

    def own_listing(self) -> Listing:
        """A CSV file, or another list in the form of LFW's."""
        name = self.params.pairs or ""
        return super().own_listing() if name.lower().endswith(".csv") else self.listing()

    def landmarks(self, folder: Path, names: Sequence[str]) -> NDArray[np.float32] | None:
        """Points of the file, carried to the size of each image."""
        p = self.params
        if p.landmarks is None:
            return None
        file = existing(p.root, p.landmarks)
        points = pick(read_scored_points(file), names, file)
        for row, name in enumerate(names):
            size = image_size((folder / name).read_bytes(), name)
            points[row] *= landmark_scale(size, p.landmark_image_px, p.landmark_scale, name)
        return points
