"""From the sorted scores of template pairs, one set per split, to the metrics of a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.metrics.operating_points import OperatingPoint, tar_at_far
from harness.metrics.outcome import NotMeasurable
from harness.metrics.roc import auc, equal_error_rate
from harness.metrics.scores import SortedScores
from harness.metrics.uncertainty.intervals import clopper_pearson
from harness.protocols.base import LEVEL, OVER_PAIRS, Curve, Interval, Metric

CURVE_POINTS = 400
FEW = 10
"""False accepts below which the reader is told how many fix the operating point."""

Point = OperatingPoint | NotMeasurable


def tar_metrics(
    far: float, points: Sequence[Point], interval: Interval | None, *, headline: bool
) -> list[Metric]:
    """TAR at one FAR: the mean over splits; of several also its spread, and each of them."""
    at = {"far": far}
    metrics = [mean_tar(points, at, interval, headline=headline)]
    if len(points) == 1:
        return metrics
    if metrics[0].value is not None:
        tars = [point.tar for point in points if isinstance(point, OperatingPoint)]
        spread = float(np.std(tars))
        metrics.append(Metric("tar@far-std", spread, at | {"ddof": 0.0},
                              higher_is_better=False))  # fmt: skip
    for number, point in enumerate(points, 1):
        metrics.append(mean_tar([point], at | {"split": float(number)}))
    return metrics


def mean_tar(
    points: Sequence[Point],
    at: dict[str, Any],
    interval: Interval | None = None,
    *,
    headline: bool = False,
) -> Metric:
    """Mean TAR over splits; without an interval the exact binomial one over the pairs is taken."""
    shown = [point for point in points if isinstance(point, OperatingPoint)]
    if len(shown) < len(points):
        reasons = [point.reason for point in points if isinstance(point, NotMeasurable)]
        return Metric("tar@far", None, at, headline=headline, note=reasons[0])
    if interval is None:
        accepts, genuine = (
            sum(getattr(p, n) for p in shown) for n in ("true_accepts", "n_genuine")
        )
        exact = clopper_pearson(accepts, genuine, LEVEL)
        interval = Interval(exact.low, exact.high, LEVEL, OVER_PAIRS)
    errors = min(point.false_accepts for point in shown)
    return Metric(
        "tar@far",
        float(np.mean([point.tar for point in shown])),
        at,
        interval=interval,
        threshold=shown[0].threshold if len(shown) == 1 else None,
        realised_far=float(np.mean([point.far for point in shown])),
        headline=headline,
        note="" if errors >= FEW else f"false accepts at this point: {errors}",
    )


def summary(ordered: Sequence[SortedScores]) -> list[Metric]:
    """Area under the curve and equal error rate, each the mean over splits."""
    return [
        Metric("auc", float(np.mean([auc(split) for split in ordered]))),
        Metric("eer", float(np.mean([equal_error_rate(split).value for split in ordered])),
               higher_is_better=False),
    ]  # fmt: skip


def roc_figure(ordered: Sequence[SortedScores]) -> Curve:
    """At most ``CURVE_POINTS`` operating points, dense at low FAR; mean TAR over splits."""
    n = min(split.n_impostor for split in ordered)
    accepts = np.unique(np.round(np.geomspace(1, n, CURVE_POINTS)).astype(np.int64))
    fars = accepts / n
    picked = [tar_at_far(split, fars.tolist(), "at-most") for split in ordered]
    tar = [[point.tar for point in row if isinstance(point, OperatingPoint)] for row in picked]
    threshold = [[p.threshold for p in row if isinstance(p, OperatingPoint)] for row in picked]
    return Curve(
        "roc",
        {"far": fars, "tar": np.mean(tar, axis=0), "threshold": np.mean(threshold, axis=0)},
    )
