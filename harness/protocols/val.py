"""VAL at a FAR of pairs in folds: from stored distances to the metrics of a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics.intervals import clopper_pearson
from harness.metrics.validation_rate import FoldVal, val_at_far
from harness.protocols.base import Interval, Metric
from harness.protocols.strata import LEVEL, OVER_PAIRS

VAL_RULE = "FAR of the other folds on arange(0, 4, 0.001), line between its points; mean over folds"


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
