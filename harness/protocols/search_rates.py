"""Rates of searches: which mated probes are hits, with intervals and the CMC curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.errors import UsageError
from harness.metrics.identification import cmc_curve, tpir_at_fpir
from harness.metrics.outcome import NotMeasurable
from harness.metrics.search import SearchResult
from harness.metrics.uncertainty.bootstrap import draw_subject_weights
from harness.metrics.uncertainty.intervals import clopper_pearson, percentile_interval
from harness.protocols.base import LEVEL, Curve, Interval
from harness.protocols.template_sets import Index

RankAverage = Literal["galleries", "probes"]
OVER_GALLERIES: Mapping[RankAverage, str] = {
    "galleries": "mean of galleries searched apart",
    "probes": "rank rates: hits in all galleries over all probes; others: mean of galleries",
}
REPLICATES = 1000
CMC_RANKS = 50


@dataclass(frozen=True)
class GalleryBlock:
    """One gallery searched in one split; ``subjects`` int32 of the mated probes."""

    split: int
    gallery: str
    search: SearchResult
    subjects: Index


@dataclass(frozen=True)
class Rate:
    """A rate of one block: bool ``hits`` of its mated probes, or why it cannot be told."""

    hits: NDArray[np.bool_]
    block: GalleryBlock
    threshold: float | None = None
    reason: str = ""
    note: str = ""

    @property
    def value(self) -> float:
        """Share of mated probes that are hits."""
        return float(self.hits.mean())


def bootstrap(rates: Sequence[Rate], rng: np.random.Generator) -> Interval | None:
    """Interval of the mean rate by resampling subjects, thresholds held; None where all agree."""
    names = np.unique(np.concatenate([rate.block.subjects for rate in rates]))
    weights = draw_subject_weights(names.size, REPLICATES, rng).astype(np.float64)
    drawn = []
    for rate in rates:
        codes = np.searchsorted(names, rate.block.subjects)
        hits = np.bincount(codes, rate.hits, names.size) @ weights
        # A draw without any mated subject is NaN, which the interval leaves out.
        with np.errstate(invalid="ignore"):
            drawn.append(hits / (np.bincount(codes, minlength=names.size) @ weights))
    method = f"bootstrap over {names.size} subjects, thresholds held"
    found = percentile_interval(np.mean(drawn, axis=0), LEVEL, method)
    if isinstance(found, NotMeasurable):
        return None
    return Interval(found.low, found.high, LEVEL, found.method)


def open_set_rate(block: GalleryBlock, fpir: float) -> Rate:
    """TPIR of one search: mate ranked first, above the threshold that non-mated probes set."""
    search = block.search
    point = tpir_at_fpir(search, [fpir])[0]
    if isinstance(point, NotMeasurable):
        return Rate(np.zeros(0, np.bool_), block, reason=point.reason)
    mate, rank = search.mate_score[search.mated], search.rank[search.mated]
    # In the type of the scores: a float64 threshold would move the mates that tie with it.
    hits = (rank <= 1) & (mate > np.float32(point.threshold))
    note = f"realised FPIR {point.fpir:.4g}"
    return Rate(hits, block, point.threshold, note=note)


def rate_of_probes(blocks: Sequence[GalleryBlock], subjects: Index, rank: float) -> Rate:
    """Hits in any gallery of one split over all probes, mated or not.

    ``subjects`` int32 (P,) of all probes. Raises UsageError where a probe is mated in two
    galleries, because two hits of one probe are not a share.
    """
    hits, mates = np.zeros(subjects.size, np.bool_), np.zeros(subjects.size, np.int64)
    for block in blocks:
        mates += block.search.mated
        hits |= block.search.mated & (block.search.rank <= rank)
    if mates.max() > 1:
        raise UsageError(
            "rank_average=probes needs galleries that share nobody; "
            f"{int(np.count_nonzero(mates > 1)):,} probes are mated in several: "
            "set rank_average=galleries"
        )
    first = blocks[0]
    return Rate(hits, GalleryBlock(first.split, "all", first.search, subjects))


def exact_interval(rates: Sequence[Rate]) -> Interval:
    """Exact binomial interval over all mated searches."""
    hits = np.concatenate([rate.hits for rate in rates])
    exact = clopper_pearson(int(np.count_nonzero(hits)), hits.size, LEVEL)
    return Interval(exact.low, exact.high, LEVEL, "Clopper-Pearson over mated searches")


def cmc_figure(blocks: Sequence[GalleryBlock]) -> Curve:
    """Cumulative match characteristic up to rank 50, mean over searches."""
    ranks = np.arange(1, CMC_RANKS + 1, dtype=np.float64)
    rate = np.mean([cmc_curve(block.search, CMC_RANKS) for block in blocks], axis=0)
    return Curve("cmc", {"rank": ranks, "rate": rate})
