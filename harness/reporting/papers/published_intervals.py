"""Intervals of numbers that a paper prints without any, as far as their protocol tells."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.metrics.uncertainty.intervals import wilson
from harness.published import records
from harness.published.claims import ClaimedComparison
from harness.published.counts import trials
from harness.published.records import PublishedNumber
from harness.reporting.papers.claims import INDEPENDENT, Proof, by_interval
from harness.reporting.tables.estimates import LEVEL, Estimate

Z = 1.959963984540054  # standard normal quantile of LEVEL, two-sided


def proof(comparison: ClaimedComparison) -> Proof:
    """Compare two printed numbers; without a test where their comparisons are not counted."""
    first, second = estimate(comparison.first), estimate(comparison.second)
    return by_interval(first, second, comparison, f"printed numbers, {INDEPENDENT}")


def estimate(record: PublishedNumber) -> Estimate:
    """A printed number with an interval over its test pairs, widened by the rounding.

    A rate has Wilson's interval, mean and spread over groups follow from the groups of the row.
    Pairs are taken as independent and the threshold as fixed, and one training stands for all, so
    it is too narrow rather than too wide. Without counts there is no interval.
    """
    value = float(record.percent / 100)
    rounding = 0.5 * 10.0 ** -(record.decimals + 2)
    count = trials(record)
    low = high = None
    if count is not None:
        found = wilson(round(value * count), count, LEVEL)
        low, high = found.low - rounding, found.high + rounding
    elif record.metric in ("mean_accuracy", "std_accuracy"):
        error = group_error(_groups(record), spread=record.metric == "std_accuracy")
        if error is not None:
            low, high = value - Z * error - rounding, value + Z * error + rounding
    return Estimate(value, low, high, LEVEL, 1, "printed")


def _groups(record: PublishedNumber) -> list[PublishedNumber]:
    """The accuracies of the groups in the row of a number over groups."""
    rows = records.rows_of(records.load(f"{record.paper}/{record.table}"))
    row = rows[record.paper, record.table, record.row]
    prefix = f"{record.benchmark}/"
    return [r for r in row if r.metric == "accuracy" and r.benchmark.startswith(prefix)]


def group_error(groups: Sequence[PublishedNumber], *, spread: bool) -> float | None:
    """Standard error of the mean, or of the standard deviation (ddof 0), of group accuracies.

    By the delta method from the binomial errors of the groups; None where a group has no count.
    """
    counts = [trials(group) for group in groups]
    if len(groups) < 2 or any(count is None for count in counts):
        return None
    values = [float(group.percent / 100) for group in groups]
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
    if spread and deviation == 0:
        return None
    weights = [(v - mean) / (len(values) * deviation) if spread else 1 / len(values)
               for v in values]  # fmt: skip
    return math.sqrt(
        sum(w * w * v * (1 - v) / n for w, v, n in zip(weights, values, counts, strict=True) if n)
    )
