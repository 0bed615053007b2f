"""What no measured number can be: such results are refused when they are read."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.results.schema import IntervalRecord, MetricRecord

ROUNDING = 1e-9
"""How far a value may be outside its range by rounding."""

LARGEST = {"fraction": 1.0}
LARGEST_OTHER = 1e12
"""Largest absolute value by unit; far above any score or ratio for a unit of a plugin."""


def out_of_range(value: float, unit: str) -> bool:
    """Whether a finite number cannot be a measurement in its unit."""
    return abs(value) > LARGEST.get(unit, LARGEST_OTHER) + ROUNDING


def implausible(metric: MetricRecord) -> str:
    """Why a stored number cannot be a measurement, in words; empty where it can.

    A fraction is within -1 and 1 (a difference of rates may be negative), every number is
    finite, and an interval contains its value.
    """
    largest = LARGEST.get(metric.unit, LARGEST_OTHER)
    numbers = [metric.value] + ([metric.ci.low, metric.ci.high] if metric.ci else [])
    for name, place in metric.at.items():
        if isinstance(place, float) and not isfinite(place):
            return f"the {name} at which {metric.name} is measured is not finite"
    for number in numbers:
        if number is not None and not isfinite(number):
            return f"{metric.name} is not finite"
        if number is not None and out_of_range(number, metric.unit):
            return f"{metric.name} = {number:g} is out of its range (-{largest:g} to {largest:g})"
    if metric.realised_far is not None and not 0 <= metric.realised_far <= 1:
        return f"the realised FAR of {metric.name} is {metric.realised_far:g}"
    if not contains(metric.ci, metric.value):
        return f"the interval of {metric.name} does not contain its value"
    return ""


def contains(interval: IntervalRecord | None, value: float | None) -> bool:
    """Whether an interval, where there is one, contains the value."""
    if interval is None or value is None:
        return True
    return interval.low - ROUNDING <= value <= interval.high + ROUNDING
