"""Verification on folds of pairs: LFW and every list in its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.components import Images
from harness.digests import digest
from harness.errors import UsageError
from harness.metrics.operating_points import tar_at_far
from harness.metrics.outcome import NotMeasurable
from harness.metrics.scores import SortedScores, sort_labelled_scores
from harness.metrics.uncertainty.bootstrap import (
    SubjectPairs,
    bootstrap_accuracy,
    draw_subject_weights,
    encode_subjects,
)
from harness.metrics.uncertainty.intervals import clopper_pearson, percentile_interval
from harness.metrics.verification import FoldAccuracy, FoldRule
from harness.protocols.base import (
    LEVEL,
    OVER_PAIRS,
    Comparison,
    Embeddings,
    Evaluation,
    Flip,
    Interval,
    Metric,
    Scores,
    Views,
)
from harness.protocols.pair_metrics import (
    ONE_FOLD,
    THRESHOLD_RULES,
    VAL_RULE,
    fold_accuracy,
    fold_val,
    roc_figure,
    roc_metrics,
    val_metrics,
)
from harness.protocols.pair_vectors import (
    SCORE,
    Distance,
    Features,
    distances,
    fused,
    unit_rows,
)
from harness.protocols.subgroups import (
    JudgedPairs,
    bootstrap_auc,
    subgroup_metrics,
)
from harness.seeds import stream

REPLICATES = 1000
STRATUM = "stratum:"  # before the name of a column that says what a pair shows
STRATA_FARS = (1e-1, 1e-2)


@dataclass(frozen=True)
class PairFolds(Comparison):
    """Pairs of images in folds: accuracy by cross-validation (protocol of LFW View 2).

    ``first`` and ``second`` are int64 (P,) rows of the images, ``genuine`` bool (P,), ``fold``
    int64 (P,). ``subjects`` are int64 (P, 2), or None where identities are unknown. ``strata`` are
    float (P,) values by name: accuracy, AUC and TAR are also given for each value, over all folds.
    A pair whose value is NaN belongs to no part.

    Embeddings are fused with those of the mirrored image as ``flip`` says, made unit length, and
    compared by squared L2 distance. A pair with a face that was not found is never accepted.

    ``views`` ``unit`` makes both embeddings unit length before that; without ``normalise`` the
    fused vector, also a centred one, keeps its length; ``distance`` ``angle`` is arccos(cosine)/pi.
    Together they are what Sandberg's facenet does. ``val_far`` adds VAL at that FAR (see
    :func:`harness.metrics.val_at_far`).

    A single fold has no others to take a threshold from: it has a ROC and no accuracy, and the area
    under the ROC is its headline.
    """

    name: str
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    genuine: NDArray[np.bool_]
    fold: NDArray[np.int64]
    image_names: Sequence[str]
    subjects: NDArray[np.int64] | None = None
    flip: Flip = "sum"
    rule: FoldRule = "insightface"
    centre: bool = False
    limit: int | None = None
    strata: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    views: Views = "raw"
    normalise: bool = True
    distance: Distance = "squared-l2"
    val_far: float | None = None

    @classmethod
    def build(
        cls,
        *,
        name: str,
        pairs: Sequence[tuple[int, int, bool, int]],
        images: Images,
        flip: Flip,
        rule: FoldRule,
        centre: bool = False,
        limit: int | None = None,
        strata: Mapping[str, NDArray[np.float64]] | None = None,
        views: Views = "raw",
        normalise: bool = True,
        distance: Distance = "squared-l2",
        val_far: float | None = None,
    ) -> PairFolds:
        """From rows (first, second, genuine, fold); ``limit`` keeps this many of each kind a fold.

        Raises UsageError where a single fold is to be centred.
        """
        table = np.array(pairs, np.int64).reshape(-1, 4)
        keep = np.ones(len(table), np.bool_)
        if limit is not None:
            keep = _first_of_each(table[:, 2] + 2 * table[:, 3], limit)
        rows = table[keep]
        if centre and len(np.unique(rows[:, 3])) < 2:
            raise UsageError(
                f"{name}: centre takes the mean of the other folds, and there is one fold; choose "
                "two or more"
            )
        ids = images.subjects
        return cls(
            name=name,
            first=rows[:, 0],
            second=rows[:, 1],
            genuine=rows[:, 2].astype(np.bool_),
            fold=rows[:, 3],
            image_names=images.names,
            subjects=None if ids is None else np.stack([ids[rows[:, 0]], ids[rows[:, 1]]], axis=1),
            flip=flip,
            rule=rule,
            centre=centre,
            limit=limit,
            strata={key: values[keep] for key, values in (strata or {}).items()},
            views=views,
            normalise=normalise,
            distance=distance,
            val_far=val_far,
        )

    def protocol(self) -> dict[str, Any]:
        """See :class:`Comparison`."""
        names = self.image_names
        listing = [
            [names[int(a)], names[int(b)], bool(g), int(k)]
            for a, b, g, k in zip(self.first, self.second, self.genuine, self.fold, strict=True)
        ]
        return {
            "id": f"{self.name}/{self.rule}@1",
            "score": SCORE[self.distance, self.normalise],
            "flip": self.flip,
            "centre": self.centre,
            "folds": len(np.unique(self.fold)),
            "fold_rule": ONE_FOLD
            if self.single
            else "leave one fold out; mean accuracy over folds",
            "threshold_rule": THRESHOLD_RULES[self.rule],
            "far_rule": "nearest-vertex",
            "not_enrolled": "never accepted",
            "pairs_sha256": digest(listing),
            "n_genuine": int(self.genuine.sum()),
            "n_impostor": int((~self.genuine).sum()),
            "limit": self.limit,
            **self._choices(),
        }

    def _choices(self) -> dict[str, Any]:
        """Rules that were added to the protocol: named only where they are not the usual ones."""
        found: dict[str, Any] = {}
        if self.views != "raw":
            found["views"] = self.views
        if not self.normalise:
            found["normalise"] = False
        if self.distance != "squared-l2":
            found["distance"] = self.distance
        if self.val_far is not None:
            found |= {"val_far": self.val_far, "val_rule": VAL_RULE}
        return found

    @property
    def single(self) -> bool:
        """Whether there is one fold alone."""
        return len(np.unique(self.fold)) < 2

    def score(self, embeddings: Embeddings) -> Scores:
        """Squared L2 distances: column ``distance``, or one column per fold when centred."""
        features = fused(embeddings, self.flip, self.views, self.name)
        if self.normalise:
            features = unit_rows(features)
        columns: dict[str, NDArray[Any]] = {
            "first": self.first.astype(np.int32),
            "second": self.second.astype(np.int32),
            "genuine": self.genuine,
            "fold": self.fold.astype(np.int32),
        }
        if self.subjects is not None:
            columns["first_subject"] = self.subjects[:, 0].astype(np.int32)
            columns["second_subject"] = self.subjects[:, 1].astype(np.int32)
        columns |= {f"{STRATUM}{name}": values for name, values in self.strata.items()}
        absent = ~(embeddings.enrolled[self.first] & embeddings.enrolled[self.second])
        if not self.centre:
            columns["distance"] = self._distances(features, absent)
            return Scores(columns)
        for fold in np.unique(self.fold):
            mean = self._training_mean(features, fold, embeddings.enrolled)
            columns[f"distance_{fold}"] = self._distances(features - mean, absent)
        return Scores(columns)

    def evaluate(self, scores: Scores, seed: int) -> Evaluation:
        """Accuracy over folds with its interval, and the ROC with its summary numbers."""
        if self.single:
            return self._of_one_fold(scores.columns["distance"], seed)
        folds, distance = self.fold_accuracy(scores)
        ordered = sort_labelled_scores(-distance, self.genuine)
        metrics = [
            Metric(
                "accuracy",
                folds.mean,
                interval=self._interval(folds, seed),
                threshold=float(folds.thresholds.mean()),
                headline=True,
            ),
            Metric("accuracy-fold-std", folds.fold_std, at={"ddof": 0.0}, higher_is_better=False),
            Metric("accuracy-standard-error", folds.standard_error, at={"ddof": 1.0},
                   higher_is_better=False),
            *self._fold_metrics(folds),
            *self._strata_metrics(folds, distance, ordered, seed),
            *roc_metrics(ordered),
            *self._val_metrics(scores),
        ]  # fmt: skip
        return Evaluation(metrics, [roc_figure(ordered)], _lost(distance))

    def _of_one_fold(self, distance: NDArray[np.float64], seed: int) -> Evaluation:
        """The ROC with its summary numbers, its area first."""
        ordered = sort_labelled_scores(-distance, self.genuine)
        area, *rest = roc_metrics(ordered)
        headline = replace(area, headline=True, interval=self._area_interval(distance, seed))
        if self.val_far is not None:
            rest.append(Metric("val@far", None, {"far": self.val_far}, note=ONE_FOLD))
        return Evaluation([headline, *rest], [roc_figure(ordered)], _lost(distance))

    # -- scoring -------------------------------------------------------------------------------

    def _distances(self, features: Features, absent: NDArray[np.bool_]) -> NDArray[np.float64]:
        rows = unit_rows(features) if self.normalise else features
        distance = distances(rows[self.first], rows[self.second], self.distance)
        distance[absent] = np.inf
        return distance

    def _training_mean(
        self, features: NDArray[np.float64], fold: int, enrolled: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Mean over both sides of the pairs of the other folds, an image as often as it is used."""
        other = self.fold != fold
        rows = np.concatenate([self.first[other], self.second[other]])
        mean: NDArray[np.float64] = features[rows[enrolled[rows]]].mean(axis=0)
        return mean

    # -- metrics -------------------------------------------------------------------------------

    def fold_accuracy(self, scores: Scores) -> tuple[FoldAccuracy, NDArray[np.float64]]:
        """See :func:`fold_accuracy`."""
        columns = scores.columns
        return fold_accuracy(columns, self.genuine, self.fold, self.rule, centre=self.centre)

    def _interval(self, folds: FoldAccuracy, seed: int) -> Interval:
        exact = clopper_pearson(folds.n_right, folds.n_pairs, LEVEL)
        over_pairs = Interval(exact.low, exact.high, LEVEL, OVER_PAIRS)
        replicates = self.accuracy_replicates(folds, seed)
        if replicates is None or self.subjects is None:
            return over_pairs
        found = percentile_interval(replicates, LEVEL)
        if isinstance(found, NotMeasurable):
            return over_pairs
        subjects = np.unique(self.subjects).size
        method = f"bootstrap over {subjects} subjects, {REPLICATES} replicates"
        return Interval(found.low, found.high, LEVEL, method)

    def _area_interval(self, distance: NDArray[np.float64], seed: int) -> Interval | None:
        pairs, weights = self._resampled(seed)
        if pairs is None or weights is None:
            return None
        found = percentile_interval(
            bootstrap_auc(distance, pairs.left, pairs.right, weights), LEVEL
        )
        if isinstance(found, NotMeasurable):
            return None
        method = f"bootstrap over {pairs.n_subjects} subjects, {REPLICATES} replicates"
        return Interval(found.low, found.high, LEVEL, method)

    def accuracy_replicates(self, folds: FoldAccuracy, seed: int) -> NDArray[np.float64] | None:
        """Accuracy with subjects drawn again, float64 (B,); None where subjects are unknown."""
        pairs, weights = self._resampled(seed)
        if pairs is None or weights is None:
            return None
        return bootstrap_accuracy(folds.correct, pairs, weights)

    def _fold_metrics(self, folds: FoldAccuracy) -> list[Metric]:
        return [
            Metric("accuracy", float(value), at={"fold": float(fold + 1)}, threshold=float(cut))
            for fold, value, cut in zip(
                folds.folds, folds.accuracies, folds.thresholds, strict=True
            )
        ]

    def _val_metrics(self, scores: Scores) -> list[Metric]:
        if self.val_far is None:
            return []
        columns, far = scores.columns, self.val_far
        return val_metrics(fold_val(columns, self.genuine, self.fold, far, centre=self.centre), far)

    def _strata_metrics(
        self, folds: FoldAccuracy, distance: NDArray[np.float64], ordered: SortedScores, seed: int
    ) -> list[Metric]:
        if not self.strata:
            return []
        points = tar_at_far(ordered, STRATA_FARS)
        judged = JudgedPairs(self.genuine, folds.correct, distance, points, *self._resampled(seed))
        return subgroup_metrics(self.strata, judged)

    def _resampled(self, seed: int) -> tuple[SubjectPairs, NDArray[np.uint16]] | tuple[None, None]:
        """Subjects of the pairs and how often each is drawn in every replicate, if known."""
        if self.subjects is None:
            return None, None
        pairs = encode_subjects(self.subjects[:, 0], self.subjects[:, 1])
        rng = stream(seed, "bootstrap", self.name)
        return pairs, draw_subject_weights(pairs.n_subjects, REPLICATES, rng)


def _lost(distance: NDArray[np.float64]) -> list[str]:
    """A warning of pairs whose faces were not found."""
    lost = int((~np.isfinite(distance)).sum())
    if not lost:
        return []
    said = f"{lost} of {len(distance)} pairs hold a face that was not found; they count as not"
    return [f"{said} accepted"]


def _first_of_each(kinds: NDArray[np.int64], limit: int) -> NDArray[np.bool_]:
    keep = np.zeros(len(kinds), np.bool_)
    for kind in np.unique(kinds):
        keep[np.flatnonzero(kinds == kind)[:limit]] = True
    return keep
