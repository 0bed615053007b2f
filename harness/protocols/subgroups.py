"""Numbers of the parts of a list of pairs: by yaw, by occlusion, by anything pairs differ in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics.operating_points import OperatingPoint
from harness.metrics.outcome import NotMeasurable
from harness.metrics.roc import auc
from harness.metrics.scores import sort_labelled_scores
from harness.metrics.uncertainty.bootstrap import SubjectPairs
from harness.metrics.uncertainty.intervals import clopper_pearson, percentile_interval
from harness.protocols.base import LEVEL, OVER_PAIRS, Interval, Metric

Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class JudgedPairs:
    """All pairs of a comparison after scoring, in the order of its list.

    ``correct`` bool (P,) at the thresholds of the folds; ``distance`` (P,), lower is more similar;
    ``points`` are operating points of the whole comparison. ``weights`` (subjects, B) belongs to
    ``subjects``; both are None where subjects are unknown.
    """

    genuine: Bools
    correct: Bools
    distance: Doubles
    points: Sequence[OperatingPoint | NotMeasurable]
    subjects: SubjectPairs | None = None
    weights: NDArray[np.uint16] | None = None


def subgroup_metrics(strata: Mapping[str, Doubles], judged: JudgedPairs) -> list[Metric]:
    """Numbers for every value of every subgroup, float (P,) by name; NaN is in no part.

    Of each part: accuracy at the thresholds of the folds, AUC, and TAR at the thresholds that the
    whole comparison has for its FARs, with the FAR that the part itself has there. A number that
    needs a kind of pair which a part lacks is left out.
    """
    return [
        metric
        for name, values in strata.items()
        for value in np.unique(values[~np.isnan(values)])
        for metric in _part({name: float(value)}, values == value, judged)
    ]


def _part(at: dict[str, float | str], chosen: Bools, judged: JudgedPairs) -> Iterator[Metric]:
    genuine, distance = judged.genuine[chosen], judged.distance[chosen]
    right, total = int(judged.correct[chosen].sum()), int(chosen.sum())
    yield Metric(
        "accuracy", right / total, at=at, interval=_exact(right, total), note=f"{total} pairs"
    )
    if genuine.all() or not genuine.any():
        return
    yield Metric(
        "auc",
        auc(sort_labelled_scores(-distance, genuine)),
        at=at,
        interval=_auc_interval(chosen, judged),
    )
    for point in judged.points:
        if isinstance(point, NotMeasurable):
            continue
        # The threshold of all pairs: an own one of each group would hide what the group suffers.
        accepted = -distance >= point.threshold
        true, mates = int(accepted[genuine].sum()), int(genuine.sum())
        yield Metric(
            "tar@far",
            true / mates,
            at={**at, "far": point.target_far},
            interval=_exact(true, mates),
            threshold=-point.threshold,
            realised_far=float(accepted[~genuine].mean()),
            note="threshold of all pairs",
        )


def _exact(right: int, total: int) -> Interval:
    exact = clopper_pearson(right, total, LEVEL)
    return Interval(exact.low, exact.high, LEVEL, OVER_PAIRS)


def _auc_interval(chosen: Bools, judged: JudgedPairs) -> Interval | None:
    if judged.subjects is None or judged.weights is None:
        return None
    pairs = judged.subjects
    replicates = bootstrap_auc(
        judged.distance[chosen], pairs.left[chosen], pairs.right[chosen], judged.weights
    )
    found = percentile_interval(replicates, LEVEL)
    if isinstance(found, NotMeasurable):
        return None
    people = np.unique(np.concatenate([pairs.left[chosen], pairs.right[chosen]])).size
    method = f"bootstrap over {people} subjects, {judged.weights.shape[1]} replicates"
    return Interval(found.low, found.high, LEVEL, method)


def bootstrap_auc(
    distance: Doubles,
    left: NDArray[np.integer[Any]],
    right: NDArray[np.integer[Any]],
    weights: NDArray[np.uint16],
) -> Doubles:
    """Replicates (B,) of the AUC of pairs (P,) of subjects; lower ``distance`` is more similar.

    ``weights`` (subjects, B) is how often each subject is drawn: a genuine pair counts that often,
    an impostor pair the product of its two; ties count half. NaN where no pair of a kind is drawn.
    """
    genuine = left == right
    order = np.argsort(distance[genuine], kind="stable")
    mates = weights[left[genuine][order]].astype(np.float64)
    below = np.vstack([np.zeros(mates.shape[1]), np.cumsum(mates, axis=0)])
    others = distance[~genuine]
    drawn = weights[left[~genuine]].astype(np.float64) * weights[right[~genuine]]
    rising = distance[genuine][order]
    nearer = np.searchsorted(rising, others, side="left")
    tied = np.searchsorted(rising, others, side="right")
    wins = ((below[nearer] + below[tied]) / 2 * drawn).sum(axis=0)
    with np.errstate(invalid="ignore"):
        replicates: Doubles = wins / (below[-1] * drawn.sum(axis=0))
    return replicates
