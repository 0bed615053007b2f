"""Scores that another tool computed: labelled comparisons, more similar is higher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.digests import digest
from harness.errors import DataError
from harness.metrics.operating_points import tar_at_far
from harness.metrics.outcome import NotMeasurable
from harness.metrics.roc import auc, equal_error_rate, roc_curve
from harness.metrics.scores import SortedScores, sort_labelled_scores
from harness.metrics.uncertainty.intervals import clopper_pearson
from harness.metrics.verification import kfold_accuracy
from harness.protocols.base import (
    LEVEL,
    OVER_PAIRS,
    Comparison,
    Curve,
    Embeddings,
    Evaluation,
    Flip,
    Interval,
    Metric,
    Scores,
)

FARS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
HEADLINE_FAR = 1e-3
CURVE_POINTS = 400


@dataclass(frozen=True, eq=False)
class ImportedScores(Comparison):
    """Comparisons as a file lists them: bool (P,) ``genuine``, int64 (P,) ``fold`` or None.

    With folds the number of the table is the accuracy over folds (rule ``official``), else the TAR
    at FAR 1e-3. What made the scores is not known here, so they share no column with others.
    """

    name: str
    genuine: NDArray[np.bool_]
    fold: NDArray[np.int64] | None
    source_sha256: str
    flip: Flip = "none"

    def __post_init__(self) -> None:
        if self.genuine.all() or not self.genuine.any():
            kind = "genuine" if self.genuine.any() else "impostor"
            raise DataError(f"all {self.genuine.size:,} comparisons are {kind}; both are needed")

    def protocol(self) -> dict[str, Any]:
        """See :class:`Comparison`."""
        folds = None if self.fold is None else self.fold.tolist()
        genuine = int(self.genuine.sum())
        return {
            "id": f"{self.name}/imported@1",
            "score": "imported, higher means more alike",
            "flip": "not stated",
            "folds": None if self.fold is None else len(np.unique(self.fold)),
            "threshold_rule": None if self.fold is None else "midpoints, lowest maximum",
            "far_rule": "nearest-vertex",
            "not_enrolled": "a score that is not a number is never accepted",
            "pairs_sha256": digest([self.genuine.tolist(), folds]),
            "source_sha256": self.source_sha256,
            "n_genuine": genuine,
            "n_impostor": self.genuine.size - genuine,
        }

    def score(self, embeddings: Embeddings) -> Scores:
        """There is nothing to compare: the scores came from a file."""
        raise DataError("imported scores have no embeddings; import another file")

    def evaluate(self, scores: Scores, seed: int) -> Evaluation:
        """Accuracy where there are folds, TAR at FAR, AUC and EER; exact intervals over pairs."""
        score = scores.columns["score"]
        ordered = sort_labelled_scores(score, self.genuine)
        metrics = [] if self.fold is None else self._accuracy(score)
        metrics += self._rates(ordered)
        metrics.append(Metric("auc", auc(ordered)))
        metrics.append(Metric("eer", equal_error_rate(ordered).value, higher_is_better=False))
        lost = int(np.isneginf(score).sum())
        warnings = ["the scores were computed elsewhere and imported"]
        if lost:
            warnings.append(f"{lost:,} of {score.size:,} scores are not numbers; never accepted")
        return Evaluation(metrics, [_figure(ordered)], warnings)

    def _accuracy(self, score: NDArray[np.float64]) -> list[Metric]:
        assert self.fold is not None, "asked for by evaluate"
        # The range of such scores is not known, so no rule with a fixed grid of thresholds applies.
        folds = kfold_accuracy(-score, self.genuine, self.fold, "official")
        exact = clopper_pearson(folds.n_right, folds.n_pairs, LEVEL)
        return [
            Metric(
                "accuracy",
                folds.mean,
                interval=Interval(exact.low, exact.high, LEVEL, OVER_PAIRS),
                threshold=-float(folds.thresholds.mean()),
                headline=True,
            ),
            Metric("accuracy-fold-std", folds.fold_std, {"ddof": 0.0}, higher_is_better=False),
        ]

    def _rates(self, ordered: SortedScores) -> list[Metric]:
        made = []
        for far, point in zip(FARS, tar_at_far(ordered, FARS), strict=True):
            headline = self.fold is None and far == HEADLINE_FAR
            if isinstance(point, NotMeasurable):
                made.append(
                    Metric("tar@far", None, {"far": far}, headline=headline, note=point.reason)
                )
                continue
            exact = clopper_pearson(point.true_accepts, point.n_genuine, LEVEL)
            made.append(
                Metric(
                    "tar@far",
                    point.tar,
                    {"far": far},
                    interval=Interval(exact.low, exact.high, LEVEL, OVER_PAIRS),
                    threshold=point.threshold,
                    realised_far=point.far,
                    headline=headline,
                )
            )
        return made


def _figure(ordered: SortedScores) -> Curve:
    """At most this many corners of the ROC curve, dense at low FAR."""
    curve = roc_curve(ordered)
    count = len(curve.fmr)
    if count > CURVE_POINTS:
        picked = np.unique(np.round(np.geomspace(1, count, CURVE_POINTS)).astype(np.int64) - 1)
    else:
        picked = np.arange(count)
    return Curve(
        "roc",
        {
            "far": np.asarray(curve.fmr, np.float64)[picked],
            "tar": np.asarray(curve.tmr, np.float64)[picked],
            "threshold": np.asarray(curve.threshold, np.float64)[picked],
        },
    )
