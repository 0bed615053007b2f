"""Identification of templates: 1:N of IJB-A, IJB-B, IJB-C and TinyFace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.metrics.fusion import softmax_fused_scores
from harness.metrics.search import SearchResult, search_gallery, search_scores
from harness.protocols.base import (
    Comparison,
    Embeddings,
    Evaluation,
    Metric,
    Scores,
)
from harness.protocols.pooled import Pooled, PoolingNotes, pooling_notes, warnings_of
from harness.protocols.search_rates import (
    OVER_GALLERIES,
    GalleryBlock,
    RankAverage,
    Rate,
    bootstrap,
    cmc_figure,
    exact_interval,
    open_set_rate,
    rate_of_probes,
)
from harness.protocols.template_lists import SearchSplit
from harness.protocols.template_sets import (
    Index,
    TemplateRules,
    array_digest,
    positions,
)
from harness.seeds import stream

RANKS = (1, 5, 10, 20)
FPIRS = (0.01, 0.1)
FUSED_PAIRS = 1 << 18
PARTS = {"mate": "mate_score", "other": "other_score", "rank": "rank"}

Point = dict[str, float | str]


@dataclass(frozen=True, eq=False)
class TemplateIdentification(Comparison):
    """Searches of probes in galleries: rank-N, TPIR at FPIR, CMC.

    Each gallery is searched by all probes apart; rates are the mean over galleries, then over
    splits (std ddof 0). With ``rank_average`` ``probes`` a rank rate is the hits in all galleries
    over all probes, whether mated or not (insightface ``ijb_evals.py``, its ``[Mean]``). A probe is
    mated where its subject is in the gallery. TPIR wants the mate ranked first above the threshold
    that the non-mated probes' best scores set (Grother et al. 2019). Ties count against. ``fpirs``
    is empty for closed-set benchmarks.
    """

    name: str
    splits: Sequence[SearchSplit]
    rules: TemplateRules
    image_names: Sequence[str]
    ranks: Sequence[int] = RANKS
    fpirs: Sequence[float] = FPIRS
    limit: int | None = None
    notes: Sequence[str] = field(default_factory=tuple)
    rank_average: RankAverage = "galleries"

    def __post_init__(self) -> None:
        object.__setattr__(self, "flip", self.rules.flip)
        if len({tuple(split.galleries) for split in self.splits}) != 1:
            raise DataError("every split needs the same galleries")

    def protocol(self) -> dict[str, Any]:
        """See :class:`Comparison`."""
        mated = [np.isin(owner, held) for _, _, owner, held in self._searches()]
        return {
            "id": f"{self.name}/{self.rules.headline}@1",
            **self.rules.protocol(),
            "rank_rule": "1 + other subjects' entries scoring at least the mate",
            "fpir_rule": "threshold is non-mated best score number int(n * FPIR), mate above it",
            "galleries": list(self.splits[0].galleries),
            "over_galleries": OVER_GALLERIES[self.rank_average],
            "splits": len(self.splits),
            "over_splits": "mean, std with ddof 0",
            "lists_sha256": array_digest(self._lists(), self.image_names),
            "n_gallery": sum(ids.size for s in self.splits for ids in s.galleries.values()),
            "n_probes": sum(split.probes.size for split in self.splits),
            "n_genuine": int(sum(np.count_nonzero(m) for m in mated)),
            "n_impostor": int(sum(np.count_nonzero(~m) for m in mated)),
            "counts": "n_genuine mated and n_impostor non-mated searches",
            "limit": self.limit,
        }

    def score(self, embeddings: Embeddings) -> Scores:
        """A row for each probe in each gallery: ``mate``, ``other`` (float32), ``rank`` per cell.

        Cells that a zero feature forbids are left out, as in :class:`TemplateVerification`.
        """
        found: dict[str, list[SearchResult]] = {name: [] for name in self.rules.names()}
        notes = PoolingNotes()
        for number, split in enumerate(self.splits):
            for cell, searches in self._score(embeddings, split):
                notes.add(cell, number, len(self.splits))
                found[cell.name] += searches
        columns = {
            f"{part}:{name}": np.concatenate([getattr(search, field) for search in searches])
            for name, searches in notes.keep(found).items()
            for part, field in PARTS.items()
        }
        return Scores({**self._rows(), **columns}, notes.extra())

    def evaluate(self, scores: Scores, seed: int) -> Evaluation:
        """Rates of the headline cell with intervals, by gallery and split, then of every cell."""
        blocks = list(self._blocks(scores, self.rules.headline))
        metrics: list[Metric] = []
        for name, at, rates in self._rates(blocks):
            first = name == "rank-rate" and at["rank"] == self.ranks[0]
            shown = self._averaged(name, at, blocks, rates)
            metrics.append(self._mean(name, at, shown, seed=seed, headline=first))
            metrics += self._parts(name, at, rates, shown)
        cells, notes = self.rules.names(), pooling_notes(scores)
        for cell in cells if len(cells) > 1 else ():
            if f"rank:{cell}" not in scores.columns:
                metrics += self._refused(cell, notes.get(cell, "its scores were not kept"))
                continue
            own = list(self._blocks(scores, cell))
            for name, at, rates in self._rates(own):
                shown = self._averaged(name, at, own, rates)
                metrics.append(self._mean(name, at | {"pooling": cell}, shown))
        lost = sum(int(np.isneginf(b.search.mate_score[b.search.mated]).sum()) for b in blocks)
        warnings = [*self.notes, *warnings_of(notes, self.rules.headline)]
        if lost:
            warnings.append(
                f"in {lost:,} mated searches the probe or its mate has no face; they count as "
                "not identified"
            )
        return Evaluation(metrics, [cmc_figure(blocks)], warnings)

    # -- scoring -------------------------------------------------------------------------------

    def _searches(self) -> Iterator[tuple[int, str, Index, Index]]:
        """Split, gallery, the probes' subjects and the gallery's, in the order of the rows."""
        for number, split in enumerate(self.splits):
            owner = split.templates.subjects_of(split.probes)
            for name, ids in split.galleries.items():
                yield number, name, owner, split.templates.subjects_of(ids)

    def _rows(self) -> dict[str, NDArray[Any]]:
        order = list(self.splits[0].galleries)
        searches = list(self._searches())
        sizes = [owner.size for _, _, owner, _ in searches]
        probes = [split.probes for split in self.splits for _ in order]
        return {
            "split": np.repeat(np.array([s for s, _, _, _ in searches], np.int8), sizes),
            "gallery": np.repeat(np.array([order.index(g) for _, g, _, _ in searches], np.int8),
                                 sizes),
            "probe": np.concatenate(probes),
            "subject": np.concatenate([owner for _, _, owner, _ in searches]),
            "mated": np.concatenate([np.isin(owner, held) for _, _, owner, held in searches]),
        }  # fmt: skip

    def _score(
        self, embeddings: Embeddings, split: SearchSplit
    ) -> Iterator[tuple[Pooled, list[SearchResult]]]:
        """Every cell with its searches, gallery after gallery; none where it was left out."""
        owner = split.templates.subjects_of(split.probes)
        if self.rules.fusion != "pool":
            features, ids = self.rules.features(embeddings, split.templates)
            found = []
            for gallery in split.galleries.values():
                scores = _fused(features, ids, split.probes, gallery)
                held = split.templates.subjects_of(gallery)
                found.append(search_scores(scores, owner, held))
            yield Pooled(self.rules.headline, features, ""), found
            return
        layout = self.rules.layout(embeddings, split.templates)
        probes = positions(layout.template_ids, split.probes)
        galleries = [
            (positions(layout.template_ids, ids), split.templates.subjects_of(ids))
            for ids in split.galleries.values()
        ]
        for cell in self.rules.pooled(embeddings, layout):
            matrix = cell.templates
            if matrix is None:
                yield cell, []
                continue
            yield (
                cell,
                [
                    search_gallery(
                        matrix[probes],
                        owner,
                        matrix[rows],
                        held,
                        probe_enrolled=layout.enrolled[probes],
                        gallery_enrolled=layout.enrolled[rows],
                    )
                    for rows, held in galleries
                ],
            )

    def _lists(self) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {}
        for number, split in enumerate(self.splits):
            entries = split.templates
            arrays |= {
                f"{number}.probes": split.probes,
                f"{number}.rows": entries.rows,
                f"{number}.templates": entries.template_ids,
                f"{number}.media": entries.media_ids,
                f"{number}.subjects": entries.subject_table()[1],
                **{f"{number}.gallery.{name}": ids for name, ids in split.galleries.items()},
            }
        if self.rules.detector is not None:
            arrays["detector"] = self.rules.detector
        return arrays

    # -- metrics -------------------------------------------------------------------------------

    def _blocks(self, scores: Scores, cell: str) -> Iterator[GalleryBlock]:
        first = 0
        for number, gallery, owner, held in self._searches():
            part = slice(first, first + owner.size)
            mate, other, rank = (scores.columns[f"{n}:{cell}"][part]
                                 for n in ("mate", "other", "rank"))  # fmt: skip
            mated = np.isin(owner, held)
            yield GalleryBlock(
                number, gallery, SearchResult(mated, mate, other, rank), owner[mated]
            )
            first = part.stop

    def _rates(self, blocks: Sequence[GalleryBlock]) -> Iterator[tuple[str, Point, list[Rate]]]:
        for rank in self.ranks:
            yield (
                "rank-rate",
                {"rank": float(rank)},
                [Rate(b.search.rank[b.search.mated] <= rank, b) for b in blocks],
            )
        for fpir in self.fpirs:
            yield "tpir@fpir", {"fpir": fpir}, [open_set_rate(block, fpir) for block in blocks]

    def rank_rate(self, scores: Scores, cell: str, rank: float) -> float:
        """The rank rate of one cell, as :attr:`rank_average` says."""
        blocks = list(self._blocks(scores, cell))
        at: Point = {"rank": rank}
        rates = next(found for name, point, found in self._rates(blocks) if point == at)
        return float(np.mean([r.value for r in self._averaged("rank-rate", at, blocks, rates)]))

    def _averaged(
        self, name: str, at: Point, blocks: Sequence[GalleryBlock], rates: Sequence[Rate]
    ) -> Sequence[Rate]:
        """The rates whose mean is the number: those of the galleries, or of all probes."""
        if name != "rank-rate" or self.rank_average == "galleries":
            return rates
        return [
            rate_of_probes(
                [block for block in blocks if block.split == number],
                split.templates.subjects_of(split.probes),
                float(at["rank"]),
            )
            for number, split in enumerate(self.splits)
        ]

    def _refused(self, cell: str, note: str) -> list[Metric]:
        """The numbers of a cell that was not computed."""
        points = [("rank-rate", {"rank": float(rank)}) for rank in self.ranks]
        points += [("tpir@fpir", {"fpir": fpir}) for fpir in self.fpirs]
        return [Metric(name, None, at | {"pooling": cell}, note=note) for name, at in points]

    def _mean(
        self,
        name: str,
        at: Point,
        rates: Sequence[Rate],
        *,
        seed: int | None = None,
        headline: bool = False,
    ) -> Metric:
        """Mean rate; its interval resamples subjects where a seed is given, thresholds held."""
        refused = [rate.reason for rate in rates if rate.reason]
        if refused:
            return Metric(name, None, at, headline=headline, note=refused[0])
        interval = None if seed is None else bootstrap(rates, stream(seed, "bootstrap", self.name))
        return Metric(
            name,
            float(np.mean([rate.value for rate in rates])),
            at,
            interval=interval or exact_interval(rates),
            threshold=rates[0].threshold if len(rates) == 1 else None,
            headline=headline,
            note=rates[0].note if len(rates) == 1 else "",
        )

    def _parts(
        self, name: str, at: Point, rates: Sequence[Rate], shown: Sequence[Rate]
    ) -> list[Metric]:
        """The rate by gallery, pooled over probes, by split, and its std over splits."""
        if any(rate.reason for rate in rates):
            return []
        metrics = []
        if len(self.splits[0].galleries) > 1:
            for gallery in self.splits[0].galleries:
                own = [rate for rate in rates if rate.block.gallery == gallery]
                metrics.append(self._mean(name, at | {"gallery": gallery}, own))
            pooled = float(np.concatenate([rate.hits for rate in rates]).mean())
            metrics.append(
                Metric(
                    name, pooled, at | {"average": "pooled probes"}, interval=exact_interval(rates)
                )
            )
        if len(self.splits) > 1:
            own_rates = [[r for r in shown if r.block.split == k] for k in range(len(self.splits))]
            spread = float(np.std([np.mean([r.value for r in own]) for own in own_rates]))
            metrics.append(Metric(f"{name}-std", spread, at | {"ddof": 0.0},
                                  higher_is_better=False))  # fmt: skip
            metrics += [
                self._mean(name, at | {"split": float(k + 1)}, own)
                for k, own in enumerate(own_rates)
            ]
        return metrics


def _fused(
    features: NDArray[np.float32], ids: NDArray[Any], probes: Index, gallery: Index
) -> NDArray[np.float32]:
    """Softmax-fused scores (P, G) in blocks of probes; -inf where a template has no face."""
    scores = np.full((probes.size, gallery.size), -np.inf, np.float32)
    columns = np.flatnonzero(np.isin(gallery, ids))
    rows = np.flatnonzero(np.isin(probes, ids))
    step = max(1, FUSED_PAIRS // max(1, columns.size))
    for first in range(0, rows.size, step):
        part = rows[first : first + step]
        left, right = np.repeat(probes[part], columns.size), np.tile(gallery[columns], part.size)
        fused = softmax_fused_scores(features, ids, left, right)
        scores[np.ix_(part, columns)] = fused.reshape(part.size, columns.size)
    return scores
