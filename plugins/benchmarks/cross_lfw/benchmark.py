"""CALFW and CPLFW: two lines per pair, genuine pairs first, folds interleaved from both halves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.plugin.benchmarks import Listing, PairBenchmark, existing, person_by_number
from harness.plugin.lists import gather, read_five_lines, read_label_lines

from .params import CrossParams


class CrossLfw(PairBenchmark):
    """What both have in common; a subclass names its list."""

    params: CrossParams
    official_pairs = 6000
    list_name: ClassVar[str]

    def listing(self) -> Listing:
        """The list of labels, ``images/`` and, if wanted, a landmark file for each image."""
        source = existing(self.params.root, self.list_name)
        return Listing(
            {"verification": read_label_lines(source)},
            existing(self.params.root, self.params.images or "images"),
            source,
            subject=person_by_number,
        )

    def landmarks(self, folder: Path, names: Sequence[str]) -> NDArray[np.float32] | None:
        """One file per image."""
        if self.params.landmarks is None:
            return None
        points = existing(self.params.root, self.params.landmarks)
        return gather(points, names, "_5loc_attri.txt", read_five_lines)


class Calfw(CrossLfw):
    """Cross-Age LFW (Zheng et al. 2017)."""

    title = "calfw"
    list_name = "pairs_CALFW.txt"


class Cplfw(CrossLfw):
    """Cross-Pose LFW (Zheng and Deng 2018)."""

    title = "cplfw"
    list_name = "pairs_CPLFW.txt"
