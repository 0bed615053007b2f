"""RFW: pairs within each of four races."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.protocols.landmark_files import Points, pick, read_rfw_points
from harness.protocols.lists import Pair, read_headless_pairs
from harness.protocols.pair_lists import require_balance
from harness.protocols.verification import Listing, PairBenchmark, existing, person_by_folder

from .params import Params

LEAK = (
    "RFW is cut from MS-Celeb-1M: a model trained on it or on a list made from it (MS1M, MS1MV2, "
    "MS1MV3, Glint360K) may have seen these people, and its accuracy here is not comparable"
)
SHARED = frozenset(
    f"m.{code}"
    for code in ("023915", "0z08d8y", "0bk56n", "04f4wpb", "0gc2xf9", "08dyjb", "05y2fd", "0gbz836",
                 "01pw5d", "0cm83zb", "02qmpkk", "05xpnv")
)  # fmt: skip
"""People that stand under two races."""


class Rfw(PairBenchmark):
    """Racial Faces in-the-Wild (Wang et al. 2019): 6,000 pairs a race, impostors within it."""

    params: Params
    title = "rfw"
    official_pairs = 6000

    def listing(self) -> Listing:
        """``<race>_pairs.txt`` without a header, and ``<race>_lmk.txt``."""
        root = Path(self.params.root or "")
        base = root / "test" if (root / "test").is_dir() else root
        folder, lists = existing(base, "data"), existing(base, "txts")
        pairs: dict[str, list[Pair]] = {}
        points: dict[str, Points] = {}
        for race in self.params.races:
            file = lists / race / f"{race}_pairs.txt"
            pairs[race] = [
                replace(pair, first=f"{race}/{pair.first}", second=f"{race}/{pair.second}")
                for pair in read_headless_pairs(file)
            ]
            require_balance(pairs[race], file)
            if self.params.landmarks == "official":
                found = read_rfw_points(lists / race / f"{race}_lmk.txt")
                points |= {f"{race}/{name}": value for name, value in found.items()}
        return Listing(
            pairs,
            folder,
            lists,
            partial(_landmarks, points, lists) if points else None,
            subject=person_by_folder,
        )

    def cautions(self, comparison: str) -> list[str]:
        """The leak of its source, and people who stand under two races."""
        pairs = self._chosen[comparison]
        people = {person_by_folder(name) for pair in pairs for name in (pair.first, pair.second)}
        shared = sorted(people & SHARED)
        found = [*super().cautions(comparison), LEAK]
        if shared:
            found.append(
                f"{len(shared)} people of {comparison} stand under a second race as well "
                f"({', '.join(shared)}): the groups are not disjoint"
            )
        return found


def _landmarks(points: dict[str, Points], where: Path, names: Sequence[str]) -> NDArray[np.float32]:
    return pick(points, names, where)
