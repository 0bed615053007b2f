"""XQLFW: LFW's list on images of very different quality."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.plugin.benchmarks import Listing, PairBenchmark, existing, person_by_folder
from harness.plugin.lists import pick, read_lfw_pairs, read_scored_points

from .params import XqlfwParams

FOLDERS = ("lfw_original_imgs_min_qual0.85variant11", "xqlfw", "lfw")


class Xqlfw(PairBenchmark):
    """Cross-Quality LFW (Knoche et al. 2021), scored as LFW View 2."""

    params: XqlfwParams
    title = "xqlfw"
    official_pairs = 6000

    def listing(self) -> Listing:
        """``xqlfw_pairs.txt`` has the form of LFW's ``pairs.txt``."""
        source = existing(self.params.root, "xqlfw_pairs.txt")
        folders = [self.params.images] if self.params.images else FOLDERS
        return Listing(
            {"verification": read_lfw_pairs(source)},
            existing(self.params.root, *folders),
            source,
            subject=person_by_folder,
        )

    def landmarks(self, folder: Path, names: Sequence[str]) -> NDArray[np.float32] | None:
        """Points of the file, in pixels of these images."""
        if self.params.landmarks is None:
            return None
        file = existing(self.params.root, self.params.landmarks)
        return pick(read_scored_points(file), names, file)
