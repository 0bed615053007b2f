"""What one training gains over another at several amounts of data, over test pairs and seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist, fmean, stdev
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.metrics.uncertainty.paired import holm, mcnemar, paired_difference
from harness.reporting.compare.scores import Stored, area_replicates, calls, read_stored
from harness.reporting.tables.estimates import LEVEL, student

if TYPE_CHECKING:
    from harness.results.schema import MetricRecord, Result
    from harness.results.study import Cell

Seeds = Mapping[int, "Cell"]
Measure = Callable[["Result"], "MetricRecord | None"]

SEED = 0
"""Of the bootstrap, so that all trainings are tested on the same draws of people."""


@dataclass(frozen=True)
class Gain:
    """Means over seeds of two trainings as fractions; ``effect`` is the second less the first.

    ``low`` and ``high`` hold test pairs and seeds, joined in quadrature; None where there is one
    seed and no test. ``p_value`` is the largest of the tests of each seed, so that a small one
    holds for all of them, adjusted for the number of amounts (Holm): McNemar's exact test of
    accuracies, the paired bootstrap over subjects of areas.
    """

    alone: float
    after: float
    effect: float
    low: float | None
    high: float | None
    p_value: float | None
    seeds: int


def gain(amounts: Sequence[tuple[Seeds, Seeds]], measure: Measure) -> list[Gain]:
    """For each amount, from the cells by seed of both trainings; only seeds of both count."""
    found = [_gain(first, second, measure) for first, second in amounts]
    raw = [one.p_value for one in found if one.p_value is not None]
    adjusted = iter(holm(raw) if raw else ())
    return [one if one.p_value is None else replace(one, p_value=next(adjusted)) for one in found]


def _gain(first: Seeds, second: Seeds, measure: Measure) -> Gain:
    seeds = sorted({*first} & {*second})
    pairs = [(_value(first[s], measure), _value(second[s], measure)) for s in seeds]
    effects = [b - a for a, b in pairs]
    tested = [_tested(first[s], second[s]) for s in seeds]
    known = [found for found in tested if found is not None]
    arms = [_over_seeds(effects)] if len(effects) > 1 else []
    p_value = None
    if seeds and len(known) == len(seeds):
        p_value = max(found.p_value for found in known)
        arms.append(_over_pairs(known))
    effect = fmean(effects) if effects else math.nan
    arm = math.hypot(*arms) if arms else None
    return Gain(
        fmean(a for a, _ in pairs) if pairs else math.nan,
        fmean(b for _, b in pairs) if pairs else math.nan,
        effect,
        None if arm is None else effect - arm,
        None if arm is None else effect + arm,
        p_value,
        len(seeds),
    )


def _value(cell: Cell, measure: Measure) -> float:
    found = measure(cell.result)
    return math.nan if found is None or found.value is None else found.value


@dataclass(frozen=True)
class _Tested:
    """Two trainings of one seed: p, and differences of all pairs or of all ``replicates``."""

    p_value: float
    differences: NDArray[np.float64]
    replicates: bool


def _tested(first: Cell, second: Cell) -> _Tested | None:
    """None without stored scores, or where they are of no form that is known here."""
    a, b = _stored(first), _stored(second)
    if a is None or b is None:
        return None
    right_a, right_b = calls(a), calls(b)
    if right_a is not None and right_b is not None and len(right_a) == len(right_b):
        p_value = mcnemar(right_b, right_a).p_value
        return _Tested(p_value, right_b.astype(float) - right_a, replicates=False)
    area_a, area_b = area_replicates(a, SEED), area_replicates(b, SEED)
    if area_a is None or area_b is None:
        return None
    p_value = paired_difference((b.value, a.value), area_b, area_a).p_value
    return _Tested(p_value, area_b - area_a, replicates=True)


def _stored(cell: Cell) -> Stored | None:
    path = None if cell.mailed else cell.file(cell.result.raw.get("scores", ""))
    try:
        return None if path is None or not path.exists() else read_stored(cell)
    except DataError:
        return None  # `harness compare` and `harness trace` name the file


def _over_seeds(effects: Sequence[float]) -> float:
    return student(LEVEL, len(effects) - 1) * stdev(effects) / math.sqrt(len(effects))


def _over_pairs(tested: Sequence[_Tested]) -> float:
    """Half the normal interval of the mean over seeds, as pairs or people vary."""
    mean = np.mean([found.differences for found in tested], axis=0)
    error = np.nanstd(mean) if tested[0].replicates else mean.std() / math.sqrt(mean.size)
    return float(NormalDist().inv_cdf((1 + LEVEL) / 2) * error)
