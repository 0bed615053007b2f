"""AgeDB-30: the hardest of AgeDB's four protocols."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from harness.plugin.benchmarks import Listing, PairBenchmark, existing
from harness.plugin.lists import gather, read_pts, require_balance

from .params import AgeDb30Params
from .protocol import read_protocol


def _person(name: str) -> str:
    """The name in ``id_name_age_gender.jpg``: the first part before the age with a letter."""
    parts = PurePosixPath(name).stem.split("_")[:-2]
    return next((part for part in parts if not part.isdecimal()), name)


class AgeDb30(PairBenchmark):
    """AgeDB, 30 years between the images of a pair (Moschoglou et al. 2017)."""

    params: AgeDb30Params
    title = "agedb-30"
    official_pairs = 6000

    def listing(self) -> Listing:
        """The MATLAB list, the images, and their 68-point files."""
        source = existing(self.params.root, "04_FINAL_protocol_30_years.mat")
        folder = existing(self.params.root, "03_Protocol_Images")
        pairs = read_protocol(source)
        require_balance(pairs, source)
        return Listing(
            {"verification": pairs},
            folder,
            source,
            subject=_person,
        )

    def landmarks(self, folder: Path, names: Sequence[str]) -> NDArray[np.float32] | None:
        """Five of the 68 points in the file beside each image."""
        return gather(folder, names, ".pts", read_pts) if self.params.landmarks == "pts" else None
