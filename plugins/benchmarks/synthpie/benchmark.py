"""Synthpie: images from the renderer, pairs drawn from a seed."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from harness.components import Benchmark, Context, Images
from harness.errors import DataError
from harness.protocols.pairs import PairFolds
from harness.seeds import stream

from .params import FACES, Params

Row = tuple[int, int, bool, int]


class SynthPie(Benchmark):
    """The Multi-PIE test of Kortylewski et al. (2018, section IV-B) on rendered people.

    Ten person-disjoint folds of 300 genuine and 300 impostor pairs over all yaw angles. What it
    measures is how well a network generalises to new identities of the same renderer, and how
    accuracy falls with yaw; it says nothing about real faces.
    """

    params: Params

    def prepare(self, ctx: Context) -> None:
        """Take the rendered faces; every identity must have every angle."""
        super().prepare(ctx)
        self._images = ctx.faces(FACES)
        wanted = self.params.identities * len(self.params.yaws_deg)
        if len(self._images) != wanted:
            raise DataError(
                f"synthpie needs {wanted} rendered images but has {len(self._images)}; see the "
                "missing samples of its face set"
            )

    def images(self) -> Images:
        """Identity after identity, in the order of the angles."""
        return self._images

    def comparison(self, name: str) -> PairFolds:
        """The drawn pairs, with the larger yaw of each as a stratum."""
        rows = draw_pairs(self.params)
        yaw = np.abs(np.array(self.params.yaws_deg))
        count = len(yaw)
        larger = np.array([max(yaw[a % count], yaw[b % count]) for a, b, _, _ in rows])
        return PairFolds.build(
            name="synthpie",
            pairs=rows,
            images=self._images,
            flip=self.params.flip,
            rule=self.params.rule,
            limit=self.ctx.limit,
            strata={"yaw_deg": larger.astype(np.float64)},
        )


def draw_pairs(params: Params) -> list[Row]:
    """Rows (first, second, genuine, fold): a pure function of the parameters.

    Image ``i`` shows identity ``i // angles`` at angle ``i % angles``. Genuine pairs of a fold are
    drawn without replacement from all its pairs of two angles of one person; impostor pairs are two
    people and two angles, each drawn uniformly, no pair twice.
    """
    angles = len(params.yaws_deg)
    people = params.identities // params.folds
    rows: list[Row] = []
    for fold in range(params.folds):
        rng = stream(params.list_seed, "synthpie", "pairs", fold)
        own = np.arange(fold * people, (fold + 1) * people)
        rows += [(a, b, True, fold) for a, b in _genuine(own, angles, params, rng)]
        rows += [(a, b, False, fold) for a, b in _impostor(own, angles, params, rng)]
    return rows


def _genuine(
    people: NDArray[np.int64], angles: int, params: Params, rng: np.random.Generator
) -> list[tuple[int, int]]:
    every = [
        (int(person) * angles + a, int(person) * angles + b)
        for person in people
        for a, b in combinations(range(angles), 2)
    ]
    chosen = rng.choice(len(every), params.pairs_per_fold, replace=False)
    return [every[int(i)] for i in chosen]


def _impostor(
    people: NDArray[np.int64], angles: int, params: Params, rng: np.random.Generator
) -> list[tuple[int, int]]:
    found: dict[tuple[int, int], None] = {}
    while len(found) < params.pairs_per_fold:
        one, other = rng.choice(people, 2, replace=False)
        a, b = rng.integers(angles, size=2)
        pair = (int(one) * angles + int(a), int(other) * angles + int(b))
        if pair[::-1] not in found:
            found[pair] = None
    return list(found)
