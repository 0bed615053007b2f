"""From the stored distances of pairs in folds to the metrics of a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics.operating_points import tar_at_far
from harness.metrics.outcome import NotMeasurable
from harness.metrics.roc import auc, equal_error_rate, roc_curve
from harness.metrics.scores import SortedScores
from harness.metrics.uncertainty.intervals import clopper_pearson
from harness.metrics.validation_rate import FoldVal, val_at_far
from harness.metrics.verification import FoldAccuracy, FoldRule, kfold_accuracy
from harness.protocols.base import LEVEL, OVER_PAIRS, Curve, Interval, Metric

FAR_TARGETS = (1e-1, 1e-2, 1e-3)

THRESHOLD_RULES: Mapping[str, str] = {
    "insightface": "arange(0, 4, 0.01), first maximum of accuracy on the other folds, d < t",
    "official": "midpoints of all distinct distances of the other folds, lowest maximum, d < t",
    "exact": "all distinct distances of the other folds, lowest threshold of the maximum, d < t",
    "openface": "arange(0, 4, 0.01) walked up until accuracy on the other folds first falls, d < t",
}
ONE_FOLD = "one fold: no threshold and no accuracy"
VAL_RULE = "FAR of the other folds on arange(0, 4, 0.001), line between its points; mean over folds"


def fold_accuracy(
    columns: Mapping[str, NDArray[Any]],
    genuine: NDArray[np.bool_],
    fold: NDArray[np.integer[Any]],
    rule: FoldRule,
    *,
    centre: bool,
) -> tuple[FoldAccuracy, NDArray[np.float64]]:
    """Accuracy over folds, and the distance of each pair (P,) as its own fold sees it.

    ``columns`` are those of :meth:`PairFolds.score`; of a result that was scored again with another
    ``centre`` they hold both kinds of distance.
    """
    if not centre:
        distance = columns["distance"]
        return kfold_accuracy(distance, genuine, fold, rule, largest=np.inf), distance
    distance = np.empty(len(fold))
    correct = np.empty(len(fold), np.bool_)
    parts = []
    for place, number in enumerate(np.unique(fold)):
        # Each fold subtracts the mean of the others, so every fold sees other distances.
        seen = columns[f"distance_{number}"]
        part = kfold_accuracy(seen, genuine, fold, rule, largest=np.inf)
        mine = fold == number
        distance[mine], correct[mine] = seen[mine], part.correct[mine]
        parts.append((part.thresholds[place], part.right[place], part.total[place]))
    thresholds, right, total = (np.array(column) for column in zip(*parts, strict=True))
    return FoldAccuracy(rule, np.unique(fold), thresholds, right, total, correct), distance


def fold_val(
    columns: Mapping[str, NDArray[Any]],
    genuine: NDArray[np.bool_],
    fold: NDArray[np.integer[Any]],
    far: float,
    *,
    centre: bool,
) -> FoldVal:
    """VAL of each fold; where pairs are centred, by the distances that the fold itself sees."""
    if not centre:
        return val_at_far(columns["distance"], genuine, fold, far)
    parts = []
    for place, number in enumerate(np.unique(fold)):
        found = val_at_far(columns[f"distance_{number}"], genuine, fold, far)
        parts.append([getattr(found, part.name)[place] for part in fields(FoldVal)])
    return FoldVal(*(np.array(column) for column in zip(*parts, strict=True)))


def val_metrics(found: FoldVal, far: float) -> list[Metric]:
    """Mean over folds with its interval, and the deviation over folds (ddof 0)."""
    accepted, total = int(found.true_accepts.sum()), int(found.n_genuine.sum())
    exact = clopper_pearson(accepted, total, LEVEL)
    others = int((found.n_impostor.sum() - found.n_impostor).min())
    note = ""
    if far * others < 1:
        note = f"{others:,} impostor pairs of the other folds are fewer than 1 / FAR"
    return [
        Metric(
            "val@far",
            float(np.mean(found.vals)),
            at={"far": far},
            interval=Interval(exact.low, exact.high, LEVEL, OVER_PAIRS),
            threshold=float(found.thresholds.mean()),
            realised_far=float(np.mean(found.fars)),
            note=note,
        ),
        Metric(
            "val@far-fold-std",
            float(np.std(found.vals)),
            at={"far": far, "ddof": 0.0},
            higher_is_better=False,
        ),
    ]


def roc_metrics(ordered: SortedScores) -> list[Metric]:
    """Area, equal error rate and TAR at the usual FARs, over all folds together."""
    metrics = [
        Metric("auc", auc(ordered)),
        Metric("eer", equal_error_rate(ordered).value, higher_is_better=False),
    ]
    for target, point in zip(FAR_TARGETS, tar_at_far(ordered, FAR_TARGETS), strict=True):
        if isinstance(point, NotMeasurable):
            metrics.append(Metric("tar@far", None, at={"far": target}, note=point.reason))
            continue
        exact = clopper_pearson(point.true_accepts, point.n_genuine, LEVEL)
        metrics.append(
            Metric(
                "tar@far",
                point.tar,
                at={"far": target},
                interval=Interval(exact.low, exact.high, LEVEL, OVER_PAIRS),
                threshold=-point.threshold,
                realised_far=point.far,
            )
        )
    return metrics


def roc_figure(ordered: SortedScores) -> Curve:
    """FAR, TAR and distance at every corner of the ROC."""
    curve = roc_curve(ordered)
    return Curve(
        "roc",
        {
            "far": np.asarray(curve.fmr, np.float64),
            "tar": np.asarray(curve.tmr, np.float64),
            "threshold": np.asarray(-curve.threshold, np.float64),
        },
    )
