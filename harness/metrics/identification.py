"""Closed-set and open-set identification rates from searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.metrics.outcome import NotMeasurable
from harness.metrics.search import SearchResult


@dataclass(frozen=True, slots=True)
class RankRate:
    """Closed-set identification: ``hits`` of ``mated`` probes have the mate in the top ``rank``."""

    rank: int
    hits: int
    mated: int

    @property
    def value(self) -> float:
        """Share of mated probes identified."""
        return self.hits / self.mated


@dataclass(frozen=True, slots=True)
class OpenSetRate:
    """Open-set identification at one FPIR: TPIR, also named DIR (detection and identification).

    ``hits`` of ``mated`` probes have the mate in the top ``rank`` with a score > ``threshold``;
    ``false_alarms`` of ``non_mated`` probes have any score > ``threshold``.
    """

    target_fpir: float
    rank: int
    threshold: float
    hits: int
    mated: int
    false_alarms: int
    non_mated: int

    @property
    def value(self) -> float:
        """True positive identification rate (TPIR = 1 - FNIR)."""
        return self.hits / self.mated

    @property
    def fpir(self) -> float:
        """Realised false positive identification rate, below the target by at least one probe."""
        return self.false_alarms / self.non_mated


@dataclass(frozen=True, slots=True)
class GalleryAverage:
    """One rate over several galleries: ``mean`` of their rates, and ``pooled`` over all probes."""

    mean: float
    pooled: float


def rank_rates(search: SearchResult, ranks: Sequence[int]) -> tuple[RankRate, ...]:
    """Share of mated probes whose mate is among the top N, for each N; ties count against.

    Raises DataError when no probe is mated, ValueError for a rank below 1.
    """
    found = _mated_ranks(search)
    if min(ranks, default=1) < 1:
        raise ValueError(f"ranks start at 1, not {min(ranks)}")
    return tuple(RankRate(n, int(np.count_nonzero(found <= n)), found.size) for n in ranks)


def cmc_curve(search: SearchResult, max_rank: int) -> NDArray[np.float64]:
    """Cumulative match characteristic: rate at ranks 1..max_rank, float64 (max_rank,)."""
    found = _mated_ranks(search)
    if max_rank < 1:
        raise ValueError(f"ranks start at 1, not {max_rank}")
    # All mates beyond the last rank share one bin, so memory does not grow with the gallery.
    counts = np.bincount(np.minimum(found, max_rank + 1), minlength=max_rank + 2)
    return np.cumsum(counts[1:-1]) / found.size


def tpir_at_fpir(
    search: SearchResult, targets: Sequence[float], rank: int = 1
) -> tuple[OpenSetRate | NotMeasurable, ...]:
    """Open-set identification rate at each target FPIR, within ``rank`` (Grother et al. 2019).

    With the n non-mated probes' best scores in falling order the threshold is the one numbered
    ``int(n * target)``, counted from 1; a mated probe counts when its mate scores above that and
    ranks within ``rank``. Ties count against in both. A target below 1/n is NotMeasurable. Raises
    DataError when no probe is mated, ValueError for a target outside (0, 1].
    """
    found = _mated_ranks(search)
    mate = search.mate_score[search.mated]
    alarms = np.sort(search.other_score[~search.mated])[::-1]
    return tuple(_at_fpir(target, rank, found, mate, alarms) for target in targets)


def _at_fpir(
    target: float,
    rank: int,
    found: NDArray[np.int32],
    mate: NDArray[np.float32],
    alarms: NDArray[np.float32],
) -> OpenSetRate | NotMeasurable:
    if not 0.0 < target <= 1.0:
        raise ValueError(f"a target FPIR must be in (0, 1], not {target}")
    if target * alarms.size < 1.0:
        return NotMeasurable(
            f"FPIR {target:g} needs at least {round(1 / target):,} non-mated probes; "
            f"there are {alarms.size:,}"
        )
    # Scores must exceed it, so at most that many less one are false alarms, however many tie.
    threshold = alarms[int(alarms.size * target) - 1]
    return OpenSetRate(
        target_fpir=target,
        rank=rank,
        threshold=float(threshold),
        hits=int(np.count_nonzero((found <= rank) & (mate > threshold))),
        mated=found.size,
        false_alarms=int(np.count_nonzero(alarms > threshold)),
        non_mated=alarms.size,
    )


def average_galleries(rates: Sequence[RankRate] | Sequence[OpenSetRate]) -> GalleryAverage:
    """Both averages of one rate over galleries searched apart (G1 and G2 of IJB-B and IJB-C).

    Raises DataError when there are none or they differ in rank or target.
    """
    points = {(rate.rank, getattr(rate, "target_fpir", None)) for rate in rates}
    if len(points) != 1:
        raise DataError(f"rates of {len(points)} different points cannot be averaged: {points}")
    pooled = sum(rate.hits for rate in rates) / sum(rate.mated for rate in rates)
    return GalleryAverage(mean=sum(rate.value for rate in rates) / len(rates), pooled=pooled)


def _mated_ranks(search: SearchResult) -> NDArray[np.int32]:
    if not search.mated.any():
        raise DataError("no probe has its subject in the gallery, so none can be identified")
    return search.rank[search.mated]
