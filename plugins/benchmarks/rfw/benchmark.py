"""RFW: pairs within each of four races, and how far the races differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from harness.plugin.benchmarks import (
    Comparison,
    Listing,
    PairBenchmark,
    PairFolds,
    PairGroups,
    existing,
    person_by_folder,
)
from harness.plugin.lists import (
    Pair,
    pick,
    read_headless_pairs,
    read_rfw_points,
    require_balance,
    require_lists,
)

from .params import FAIRNESS, RfwParams

LEAK = (
    "RFW is cut from MS-Celeb-1M: a model trained on it or on a list made from it (MS1M, MS1MV2, "
    "MS1MV3, Glint360K) may have seen these people, and its accuracy here is not comparable"
)
SHARED = frozenset(
    f"m.{code}"
    for code in ("023915", "0z08d8y", "0bk56n", "04f4wpb", "0gc2xf9", "08dyjb", "05y2fd", "0gbz836",
                 "01pw5d", "0cm83zb", "02qmpkk", "05xpnv")
)  # fmt: skip
"""People that are under two races."""


class Rfw(PairBenchmark):
    """Racial Faces in-the-Wild (Wang et al. 2019): 6,000 pairs per race, impostors within it."""

    params: RfwParams
    title = "rfw"
    official_pairs = 6000

    def listing(self) -> Listing:
        """``<race>_pairs.txt`` without a header, for each race."""
        folder, lists = existing(self._base, "data"), existing(self._base, "txts")
        files = {race: lists / race / f"{race}_pairs.txt" for race in self.params.races}
        require_lists(list(files.values()))
        pairs: dict[str, list[Pair]] = {}
        for race, file in files.items():
            pairs[race] = [
                replace(
                    pair,
                    first=f"{race}/{pair.first}",
                    second=f"{race}/{pair.second}",
                    where=f"{race}/{file.name}, {pair.where}",
                )
                for pair in read_headless_pairs(file)
            ]
            require_balance(pairs[race], file)
        return Listing(pairs, folder, lists, subject=person_by_folder)

    def landmarks(self, folder: Path, names: Sequence[str]) -> NDArray[np.float32] | None:
        """The points of ``<race>_lmk.txt``; the race is the third part of a path from the end."""
        if self.params.landmarks == "none":
            return None
        lists = existing(self._base, "txts")
        points = {
            f"{race}/{name}": value
            for race in self.params.races
            for name, value in read_rfw_points(lists / race / f"{race}_lmk.txt").items()
        }
        return pick(points, ["/".join(PurePosixPath(name).parts[-3:]) for name in names], lists)

    def comparison(self, name: str) -> Comparison:
        """The pairs of a race, or all races beside each other."""
        if name != FAIRNESS:
            return super().comparison(name)
        groups: dict[str, PairFolds] = {
            race: replace(self.pair_folds(race), cautions=()) for race in self.params.races
        }
        cautions = dict.fromkeys(text for race in groups for text in self.cautions(race))
        return PairGroups(f"{self.title}-{FAIRNESS}", groups, list(cautions))

    def cautions(self, comparison: str) -> list[str]:
        """The leak of its source, and people who are under two races."""
        pairs = self._chosen[comparison]
        people = {person_by_folder(name) for pair in pairs for name in (pair.first, pair.second)}
        shared = sorted(people & SHARED)
        found = [*super().cautions(comparison), LEAK]
        if shared:
            found.append(
                f"{len(shared)} people of {comparison} are under a second race as well "
                f"({', '.join(shared)}): the groups are not disjoint"
            )
        return found

    @property
    def _base(self) -> Path:
        root = self.params.root or Path()
        return root / "test" if (root / "test").is_dir() else root
