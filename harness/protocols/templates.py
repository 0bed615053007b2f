"""Verification of templates: 1:1 of IJB-A, IJB-B and IJB-C."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics.fusion import softmax_fused_scores
from harness.metrics.operating_points import FarRule, tar_at_far
from harness.metrics.outcome import NotMeasurable
from harness.metrics.pairs import pair_scores
from harness.metrics.scores import SortedScores, highest_scores, sort_labelled_scores
from harness.metrics.uncertainty.bootstrap import SubjectPairs, bootstrap_tar, draw_subject_weights
from harness.metrics.uncertainty.intervals import percentile_interval
from harness.protocols.base import (
    LEVEL,
    Comparison,
    Embeddings,
    Evaluation,
    Interval,
    Metric,
    Scores,
)
from harness.protocols.pooled import Pooled, PoolingNotes, pooling_notes, warnings_of
from harness.protocols.scratch import float_column, release
from harness.protocols.template_lists import PairSplit
from harness.protocols.template_metrics import mean_tar, roc_figure, summary, tar_metrics
from harness.protocols.template_sets import (
    Index,
    TemplateRules,
    TemplateSet,
    array_digest,
    positions,
)
from harness.seeds import stream

REPLICATES = 1000
FARS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


@dataclass(frozen=True, eq=False)
class TemplateVerification(Comparison):
    """Template pairs in one or several splits; TAR at FAR, mean and std (ddof 0) over splits.

    Every cell of ``rules`` is scored from one pass. ``far_rule`` selects the operating point (see
    :func:`harness.metrics.tar_at_far`); a FAR below 1/impostors is refused. ``notes`` become
    warnings of the result.
    """

    name: str
    splits: Sequence[PairSplit]
    rules: TemplateRules
    image_names: Sequence[str]
    fars: Sequence[float] = FARS
    headline_far: float = 1e-4
    far_rule: FarRule = "nearest-vertex"
    limit: int | None = None
    notes: Sequence[str] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        object.__setattr__(self, "flip", self.rules.flip)

    def protocol(self) -> dict[str, Any]:
        """See :class:`Comparison`."""
        genuine = sum(int(np.count_nonzero(split.genuine)) for split in self.splits)
        return {
            "id": f"{self.name}/{self.rules.headline}@1",
            **self.rules.protocol(),
            "far_rule": self.far_rule,
            "predicate": "score >= threshold",
            "splits": len(self.splits),
            "over_splits": "mean, std with ddof 0",
            "pairs_sha256": array_digest(self._lists(), self.image_names),
            "n_templates": sum(np.unique(s.templates.template_ids).size for s in self.splits),
            "n_genuine": genuine,
            "n_impostor": sum(split.genuine.size for split in self.splits) - genuine,
            "limit": self.limit,
        }

    def score(self, embeddings: Embeddings) -> Scores:
        """One float32 column per cell, ``score:<cell>``; -inf where a template has no face.

        A cell beside the headline that a zero feature forbids has no column; its reason, and what
        else there is to say of zero features, is in the extra array ``pooling_notes``.

        ``first`` and ``second`` are template ids; the extra array ``template_subjects``, int32
        (T, 3), says by rows (split, template, subject) who they are, where that is known.
        """
        sizes = [split.genuine.size for split in self.splits]
        edges = np.cumsum([0, *sizes])
        cells = {name: float_column(int(edges[-1])) for name in self.rules.names()}
        notes = PoolingNotes()
        for number, (split, first) in enumerate(zip(self.splits, edges.tolist(), strict=False)):
            for cell, values in self._score(embeddings, split):
                notes.add(cell, number, len(self.splits))
                if values is not None:
                    cells[cell.name][first : first + values.size] = values
                    release(cells[cell.name])
        columns: dict[str, NDArray[Any]] = {
            "first": _joined([split.left for split in self.splits]),
            "second": _joined([split.right for split in self.splits]),
            "genuine": _joined([split.genuine for split in self.splits]),
        }
        if len(self.splits) > 1:
            columns["split"] = np.repeat(np.arange(len(sizes), dtype=np.int8), sizes)
        columns |= {f"score:{name}": values for name, values in notes.keep(cells).items()}
        return Scores(columns, {**_template_subjects(self.splits), **notes.extra()})

    def evaluate(self, scores: Scores, seed: int) -> Evaluation:
        """TAR at every FAR for the headline cell with its interval, then for every cell."""
        headline = scores.columns[f"score:{self.rules.headline}"]
        ordered = self._ordered(headline)
        intervals = self._bootstrap(headline, seed)
        metrics = []
        for number, far in enumerate(self.fars):
            points = [tar_at_far(split, [far], self.far_rule)[0] for split in ordered]
            metrics += tar_metrics(
                far, points, intervals[number], headline=far == self.headline_far
            )
        metrics += summary(ordered)
        # Hundreds of megabytes, read from a file again by whoever needs them.
        release(headline)
        notes = pooling_notes(scores)
        metrics += self._of_each_pooling(scores, ordered, notes)
        lost = int(np.count_nonzero(np.isneginf(headline)))
        warnings = [*self.notes, *warnings_of(notes, self.rules.headline)]
        if lost:
            warnings.append(
                f"{lost:,} of {headline.size:,} pairs hold a template in which no face was found; "
                "they count as not accepted"
            )
        return Evaluation(metrics, [roc_figure(ordered)], warnings)

    def _of_each_pooling(
        self, scores: Scores, ordered: list[SortedScores], notes: Mapping[str, str]
    ) -> Iterator[Metric]:
        """TAR under each way of pooling, where there are several; ``ordered`` is the headline."""
        for name in self.rules.names() if len(self.rules.names()) > 1 else ():
            if f"score:{name}" not in scores.columns:
                note = notes.get(name, "its scores were not kept")
                for far in self.fars:
                    yield Metric("tar@far", None, {"far": far, "pooling": name}, note=note)
                continue
            cell = ordered
            if name != self.rules.headline:
                cell = self._highest(scores.columns[f"score:{name}"])
                release(scores.columns[f"score:{name}"])
            for far in self.fars:
                points = [tar_at_far(split, [far], self.far_rule)[0] for split in cell]
                yield mean_tar(points, {"far": far, "pooling": name})

    # -- scoring -------------------------------------------------------------------------------

    def _score(
        self, embeddings: Embeddings, split: PairSplit
    ) -> Iterator[tuple[Pooled, NDArray[np.float32] | None]]:
        if self.rules.fusion != "pool":
            features, ids = self.rules.features(embeddings, split.templates)
            known = np.isin(split.left, ids) & np.isin(split.right, ids)
            fused = np.full(split.left.size, -np.inf, np.float32)
            left, right = split.left[known], split.right[known]
            fused[known] = softmax_fused_scores(features, ids, left, right)
            yield Pooled(self.rules.headline, features, ""), fused
            return
        layout = self.rules.layout(embeddings, split.templates)
        left, right = (positions(layout.template_ids, side) for side in (split.left, split.right))
        for cell in self.rules.pooled(embeddings, layout):
            if cell.templates is None:
                yield cell, None
            else:
                yield cell, pair_scores(cell.templates, left, right, layout.enrolled)

    def _lists(self) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {}
        for number, split in enumerate(self.splits):
            entries = split.templates
            arrays |= {
                f"{number}.left": split.left,
                f"{number}.right": split.right,
                f"{number}.genuine": split.genuine,
                f"{number}.rows": entries.rows,
                f"{number}.templates": entries.template_ids,
                f"{number}.media": entries.media_ids,
            }
        if self.rules.detector is not None:
            arrays["detector"] = self.rules.detector
        return arrays

    # -- metrics -------------------------------------------------------------------------------

    def _parts(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        edges = np.cumsum([split.genuine.size for split in self.splits])[:-1]
        return np.split(values, edges)

    def _ordered(self, values: NDArray[Any]) -> list[SortedScores]:
        return [
            sort_labelled_scores(part, split.genuine)
            for part, split in zip(self._parts(values), self.splits, strict=True)
        ]

    def _highest(self, values: NDArray[Any]) -> list[SortedScores]:
        """What decides TAR at the FARs asked for, of a cell of which no more is told."""
        return [
            highest_scores(part, split.genuine, max(self.fars))
            for part, split in zip(self._parts(values), self.splits, strict=True)
        ]

    def _bootstrap(self, values: NDArray[Any], seed: int) -> list[Interval | None]:
        """Interval of the mean TAR at each FAR by resampling subjects, the same in every split."""
        if any(split.templates.subjects is None for split in self.splits):
            return [None] * len(self.fars)
        pairs = _subject_pairs(self.splits)
        weights = draw_subject_weights(
            pairs[0].n_subjects, REPLICATES, stream(seed, "bootstrap", self.name)
        )
        drawn = [
            bootstrap_tar(part, numbered, self.fars, weights)
            for part, numbered in zip(self._parts(values), pairs, strict=True)
        ]
        method = f"bootstrap over {pairs[0].n_subjects} subjects, rule at-most"
        found = [percentile_interval(r, LEVEL, method) for r in np.mean(drawn, axis=0)]
        return [
            None if isinstance(i, NotMeasurable) else Interval(i.low, i.high, LEVEL, i.method)
            for i in found
        ]


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _template_subjects(splits: Sequence[PairSplit]) -> dict[str, NDArray[Any]]:
    if any(split.templates.subjects is None for split in splits):
        return {}
    rows = []
    for number, split in enumerate(splits):
        ids, subjects = split.templates.subject_table()
        rows.append(np.stack([np.full_like(ids, number), ids, subjects], axis=1))
    return {"template_subjects": np.concatenate(rows).astype(np.int32)}


def _subject_pairs(splits: Sequence[PairSplit]) -> list[SubjectPairs]:
    """The subjects of the pairs, numbered alike in all splits."""
    names = np.unique(np.concatenate([split.templates.subject_table()[1] for split in splits]))
    narrow = np.min_scalar_type(names.size)  # a number for each side of millions of pairs

    def numbers(templates: TemplateSet, side: Index) -> NDArray[np.integer[Any]]:
        ids, subjects = templates.subject_table()
        return positions(names, subjects).astype(narrow)[positions(ids, side)]

    return [
        SubjectPairs(
            numbers(split.templates, split.left),
            numbers(split.templates, split.right),
            names.size,
        )
        for split in splits
    ]
