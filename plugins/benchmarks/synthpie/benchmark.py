"""Synthpie: images from the renderer, pairs drawn from a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from harness.plugin import Context, DataError, Images, stream
from harness.plugin.benchmarks import Benchmark, ConcatenatedImages, PairFolds, Subset

from .params import FACES, VARIED, SynthpieParams

Row = tuple[int, int, bool, int]
Strata = dict[str, NDArray[np.float64]]


class SynthPie(Benchmark):
    """Rendered people: pairs over all yaw angles, and pairs that differ in one factor.

    ``verification`` is the Multi-PIE test of Kortylewski et al. (2018, section IV-B): ten
    person-disjoint folds of 300 genuine and 300 impostor pairs. ``factors`` compares a frontal,
    neutral, evenly lit image of a person with one in which a single factor has another value.
    What both measure is how well a network generalises to new identities of the same renderer, and
    how accuracy falls with each factor; they say nothing about real faces.
    """

    params: SynthpieParams

    def prepare(self, ctx: Context) -> None:
        """Take the rendered faces; every identity must have every image."""
        super().prepare(ctx)
        params = self.params
        self._posed = ctx.faces(FACES)
        _require(self._posed, params.identities * len(params.yaws_deg))
        self._images = self._posed
        if params.levels():
            varied = ctx.faces(VARIED)
            _require(varied, params.varied_identities() * (1 + len(params.levels())))
            self._images = ConcatenatedImages({"": self._posed, "varied/": varied})
        self._drawn = {name: self._draw(name) for name in params.comparison_names()}
        if ctx.limit is not None:
            self._keep_used(ctx.limit)

    def _draw(self, name: str) -> tuple[list[Row], Strata]:
        """The pairs of a comparison as rows of all images, and the subgroups of each."""
        if name == "factors":
            rows, strata = draw_factor_pairs(self.params)
            offset = len(self._posed)
            return [(offset + a, offset + b, same, fold) for a, b, same, fold in rows], strata
        rows = draw_pairs(self.params)
        return rows, {"yaw_deg": larger_yaw(self.params, rows)}

    def _keep_used(self, limit: int) -> None:
        """Leave out what a trial of ``limit`` pairs of each kind and fold does not look at."""
        for name, (rows, strata) in self._drawn.items():
            kept = _first_of_each(rows, limit)
            rows = [rows[i] for i in kept]
            self._drawn[name] = rows, {key: value[kept] for key, value in strata.items()}
        used = sorted({i for rows, _ in self._drawn.values() for a, b, *_ in rows for i in (a, b)})
        place = {image: number for number, image in enumerate(used)}
        for name, (rows, strata) in self._drawn.items():
            moved = [(place[a], place[b], same, fold) for a, b, same, fold in rows]
            self._drawn[name] = moved, strata
        self._images = Subset(self._images, np.array(used, np.intp))

    def images(self) -> Images:
        """Identity after identity, in the order of the angles, then of the factors.

        Under a limit those that its pairs use.
        """
        return self._images

    def comparison(self, name: str) -> PairFolds:
        """The drawn pairs; what they show is a subgroup: the larger yaw, or the factor's value."""
        rows, strata = self._drawn[name]
        return PairFolds.build(
            name="synthpie/factors" if name == "factors" else "synthpie",
            pairs=rows,
            images=self._images,
            **self.params.fold_rules(),
            limit=self.ctx.limit,
            strata=strata,
        )


def _first_of_each(rows: Sequence[Row], limit: int) -> list[int]:
    """Places of the first ``limit`` genuine and impostor rows of each fold."""
    seen: Counter[tuple[bool, int]] = Counter()
    kept = []
    for number, (_, _, same, fold) in enumerate(rows):
        seen[same, fold] += 1
        if seen[same, fold] <= limit:
            kept.append(number)
    return kept


def _require(images: Images, wanted: int) -> None:
    if len(images) != wanted:
        raise DataError(
            f"synthpie needs {wanted} rendered images but has {len(images)}; see the "
            "missing samples of its face set"
        )


def larger_yaw(params: SynthpieParams, rows: Sequence[Row]) -> NDArray[np.float64]:
    """The larger yaw of each pair of posed images, degrees without sign."""
    yaw = np.abs(np.array(params.yaws_deg))
    sides = np.array(rows, np.int64).reshape(-1, 4)[:, :2] % len(yaw)
    larger: NDArray[np.float64] = yaw[sides].max(axis=1)
    return larger


def draw_factor_pairs(params: SynthpieParams) -> tuple[list[Row], Strata]:
    """Rows (first, second, genuine, fold) of the factors, and the value of each by factor.

    Image ``i`` shows identity ``i // n`` in state ``i % n``, of which the first is the reference.
    For each person and state there is a genuine pair with the person's own reference and an
    impostor pair with the reference of another person of the fold, drawn uniformly. A factor's
    subgroup is NaN where another one varies. A pure function of the parameters.
    """
    levels = params.levels()
    states, people = 1 + len(levels), params.varied_identities() // params.folds
    rows: list[Row] = []
    for fold in range(params.folds):
        rng = stream(params.list_seed, "synthpie", "factors", fold)
        for place in range(people):
            person = fold * people + place
            others = (place + rng.integers(1, people, len(levels))) % people + fold * people
            for state, other in enumerate(others, start=1):
                varied = person * states + state
                rows.append((person * states, varied, True, fold))
                rows.append((int(other) * states, varied, False, fold))
    shown = [levels[second % states - 1] for _, second, _, _ in rows]
    strata: Strata = {
        name: np.array([value if factor == name else np.nan for factor, value in shown])
        for name, values in params.factors.items()
        if values
    }
    return rows, strata


def draw_pairs(params: SynthpieParams) -> list[Row]:
    """Rows (first, second, genuine, fold): a pure function of the parameters.

    Image ``i`` shows identity ``i // angles`` at angle ``i % angles``. Genuine pairs of a fold are
    drawn without replacement from all its pairs of two angles of one person; impostor pairs are two
    people and two angles, each drawn uniformly, no pair twice.
    """
    angles = len(params.yaws_deg)
    people = params.identities // params.folds
    rows: list[Row] = []
    for fold in range(params.folds):
        # A stream of its own: what one fold rejects moves no draw of the next.
        rng = stream(params.list_seed, "synthpie", "pairs", fold)
        own = np.arange(fold * people, (fold + 1) * people)
        rows += [(a, b, True, fold) for a, b in _genuine(own, angles, params, rng)]
        rows += [(a, b, False, fold) for a, b in _impostor(own, angles, params, rng)]
    return rows


def _genuine(
    people: NDArray[np.int64], angles: int, params: SynthpieParams, rng: np.random.Generator
) -> list[tuple[int, int]]:
    every = [
        (int(person) * angles + a, int(person) * angles + b)
        for person in people
        for a, b in combinations(range(angles), 2)
    ]
    chosen = rng.choice(len(every), params.pairs_per_fold, replace=False)
    return [every[int(i)] for i in chosen]


def _impostor(
    people: NDArray[np.int64], angles: int, params: SynthpieParams, rng: np.random.Generator
) -> list[tuple[int, int]]:
    found: dict[tuple[int, int], None] = {}
    while len(found) < params.pairs_per_fold:
        one, other = rng.choice(people, 2, replace=False)
        a, b = rng.integers(angles, size=2)
        pair = (int(one) * angles + int(a), int(other) * angles + int(b))
        # A dict keeps the order of the draws; a set would order by hash.
        if pair[::-1] not in found:
            found[pair] = None
    return list(found)
