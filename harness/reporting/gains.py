"""What one training gains over another at several amounts of data, over test pairs and seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist, fmean, stdev
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.metrics.paired import holm, mcnemar
from harness.reporting.compare_scores import calls, read_stored
from harness.reporting.estimates import LEVEL, student

if TYPE_CHECKING:
    from harness.reporting.study import Cell
    from harness.study.result import MetricRecord, Result

Seeds = Mapping[int, "Cell"]
Measure = Callable[["Result"], "MetricRecord | None"]


@dataclass(frozen=True)
class Gain:
    """Means over seeds of two trainings as fractions; ``effect`` is the second less the first.

    ``low`` and ``high`` hold test pairs and seeds, joined in quadrature; None where there is one
    seed and no single decisions. ``p_value`` is the largest of McNemar's exact tests of each seed,
    so that a small one holds for all of them, adjusted for the number of amounts (Holm).
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
    decided = [_decisions(first[s], second[s]) for s in seeds]
    known = [both for both in decided if both is not None]
    arms = [_over_seeds(effects)] if len(effects) > 1 else []
    p_value = None
    if seeds and len(known) == len(seeds):
        p_value = max(mcnemar(b, a).p_value for a, b in known)
        arms.append(_over_pairs(np.mean([b.astype(float) - a for a, b in known], axis=0)))
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


def _decisions(first: Cell, second: Cell) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Which pairs each called right; None without stored scores, or where accuracy is not known."""
    both = []
    for cell in (first, second):
        path = cell.file(cell.result.raw.get("scores", "")) if not cell.mailed else None
        stored = read_stored(cell) if path is not None and path.exists() else None
        both.append(None if stored is None else calls(stored))
    a, b = both
    return None if a is None or b is None or len(a) != len(b) else (a, b)


def _over_seeds(effects: Sequence[float]) -> float:
    return student(LEVEL, len(effects) - 1) * stdev(effects) / math.sqrt(len(effects))


def _over_pairs(differences: NDArray[np.float64]) -> float:
    """Half the normal interval of a mean over pairs, float (P,)."""
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    return float(z * differences.std() / math.sqrt(differences.size))
