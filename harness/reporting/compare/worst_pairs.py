"""The worst pairs of stored scores: the most similar impostors, the least similar genuine pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.results.schema import MetricRecord, Result
from harness.results.score_files import listed_of

WHOLE_LIST = {"far", "fmr"}
"""Operating points of all pairs; thresholds at other conditions are of a fold or a group."""


@dataclass(frozen=True)
class WorstPair:
    """A pair by its position in the list (from 0), the numbers of its images, and its score."""

    position: int
    first: int
    second: int
    similarity: float  # higher is more similar; minus the distance where distances are stored


@dataclass(frozen=True)
class Worst:
    """The first pairs of one kind.

    ``lost`` could not be compared, as a face was not found; ``tied`` more have the last score.
    """

    pairs: tuple[WorstPair, ...]
    lost: int
    tied: int


def worst_pairs(columns: Mapping[str, NDArray[Any]], rule: str, count: int) -> tuple[Worst, Worst]:
    """Of stored scores the ``count`` most similar impostors and least similar genuine pairs.

    Equal scores are in the order of the list. ``rule`` is that of the protocol's name. Raises
    ``DataError`` where the scores are not of pairs of images.
    """
    if any(name.startswith("score:") for name in columns):  # one column per way of pooling
        raise DataError("it compares templates, not pairs of single images")
    listed = listed_of(columns, rule)
    if listed.first.dtype.kind not in "iu" or listed.second.dtype.kind not in "iu":
        raise DataError("its scores name no images of the benchmark")
    if np.isnan(listed.score).any():
        raise DataError("its scores hold values that are not numbers")

    def first_of(rows: NDArray[np.intp], badness: NDArray[np.float64]) -> Worst:
        compared = rows[np.isfinite(listed.score[rows])]
        ordered = compared[np.argsort(-badness[compared], kind="stable")]
        shown, rest = ordered[:count], ordered[count:]
        tied = int((listed.score[rest] == listed.score[shown[-1]]).sum()) if len(shown) else 0
        pairs = tuple(
            WorstPair(row, int(listed.first[row]), int(listed.second[row]),
                      float(listed.score[row]))
            for row in shown.tolist()
        )  # fmt: skip
        return Worst(pairs, len(rows) - len(compared), tied)

    impostors, genuine = np.flatnonzero(~listed.genuine), np.flatnonzero(listed.genuine)
    return first_of(impostors, listed.score), first_of(genuine, -listed.score)


def operating_metric(result: Result) -> MetricRecord | None:
    """The number whose threshold applies to all pairs: the headline, else the first with one."""
    ordered = sorted(result.metrics, key=lambda metric: not metric.headline)
    return next((m for m in ordered if m.threshold is not None and set(m.at) <= WHOLE_LIST), None)
