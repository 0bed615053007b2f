"""What one training gains over another at several amounts of data, over test pairs and seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from harness.errors import DataError
from harness.metrics.uncertainty.paired import holm
from harness.reporting.compare.influences import Influences, influences_of
from harness.reporting.compare.paired import ScoreDifference, paired_test
from harness.reporting.compare.scores import read_stored
from harness.reporting.tables.estimates import LEVEL, student

if TYPE_CHECKING:
    from harness.results.schema import MetricRecord, Result
    from harness.results.study import Cell

Seeds = Mapping[int, "Cell"]
Measure = Callable[["Result"], "MetricRecord | None"]


@dataclass(frozen=True)
class Gain:
    """Means over seeds of two trainings as fractions; ``effect`` is the second less the first.

    ``low``, ``high`` and ``p_value`` are those of the test of `harness compare`, over people and
    seeds, the p-value adjusted for the number of amounts (Holm). Without scores the interval is
    over seeds alone, and None where there is one seed.
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
    effect = fmean(effects) if effects else math.nan
    low = high = p_value = None
    found = _tested([first[s] for s in seeds], [second[s] for s in seeds])
    if found is not None:
        low, high, p_value = found.low, found.high, found.p_value
    elif len(effects) > 1:
        arm = _over_seeds(effects)
        low, high = effect - arm, effect + arm
    return Gain(
        fmean(a for a, _ in pairs) if pairs else math.nan,
        fmean(b for _, b in pairs) if pairs else math.nan,
        effect,
        low,
        high,
        p_value,
        len(seeds),
    )


def _value(cell: Cell, measure: Measure) -> float:
    found = measure(cell.result)
    return math.nan if found is None or found.value is None else found.value


def _tested(first: Sequence[Cell], second: Sequence[Cell]) -> ScoreDifference | None:
    """None without stored scores, or where they are of no form that is known here."""
    sides = [[influences for cell in cells if (influences := _stored(cell))]
             for cells in (first, second)]  # fmt: skip
    if not first or any(len(side) < len(first) for side in sides):
        return None
    return paired_test(sides[0], sides[1])


def _stored(cell: Cell) -> Influences | None:
    path = None if cell.mailed else cell.file(cell.result.raw.get("scores", ""))
    try:
        stored = None if path is None or not path.exists() else read_stored(cell)
    except DataError:
        return None  # `harness compare` and `harness trace` name the file
    return None if stored is None else influences_of(stored)


def _over_seeds(effects: Sequence[float]) -> float:
    return student(LEVEL, len(effects) - 1) * stdev(effects) / math.sqrt(len(effects))
