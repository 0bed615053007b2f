"""CFP: frontal against profile, and frontal against frontal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.plugin.benchmarks import Listing, PairBenchmark, existing
from harness.plugin.lists import pick, read_scored_points, require_balance

from .lists import read_index, read_names, read_split
from .params import CfpParams

NAMES = "Data/list_name.txt"


def _person(name: str) -> str:
    return name.split("/")[0]


class Cfp(PairBenchmark):
    """What both protocols have in common; a subclass names its split."""

    params: CfpParams
    official_pairs = 7000
    split: ClassVar[str]
    second_list: ClassVar[str]

    def listing(self) -> Listing:
        """``Protocol/`` numbers the images from 1; in FP the second number counts profiles."""
        base = self._base
        first = read_index(existing(base, "Protocol/Pair_list_F.txt"))
        second = read_index(existing(base, f"Protocol/{self.second_list}"))
        source = existing(base, f"Protocol/Split/{self.split}")
        pairs = read_split(source, first, second)
        require_balance(pairs, source)
        return Listing(
            {"verification": pairs},
            existing(base, "Data/Images"),
            source,
            subject=_person,
        )

    def people(self) -> Collection[str]:
        """The names of ``Data/list_name.txt``, whose lines are the numbers of the folders."""
        listed = self._base / NAMES
        if not listed.is_file():
            return super().people()
        names = read_names(listed)
        return {names[number] for number in super().people() if number in names}

    @property
    def _base(self) -> Path:
        root = Path(self.params.root or "")
        return root / "cfp-dataset" if (root / "cfp-dataset").is_dir() else root

    def landmarks(self, folder: Path, names: Sequence[str]) -> NDArray[np.float32] | None:
        """Points of the file, in pixels of these images."""
        if self.params.landmarks is None:
            return None
        file = existing(self.params.root, self.params.landmarks)
        return pick(read_scored_points(file), names, file)


class CfpFp(Cfp):
    """Frontal against profile (Sengupta et al. 2016)."""

    title = "cfp-fp"
    split = "FP"
    second_list = "Pair_list_P.txt"


class CfpFf(Cfp):
    """Frontal against frontal (Sengupta et al. 2016)."""

    title = "cfp-ff"
    split = "FF"
    second_list = "Pair_list_F.txt"
