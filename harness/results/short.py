"""Results in a line, for shells and notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from harness.results import numbers
from harness.results.operating_points import operating_point

if TYPE_CHECKING:
    from harness.results.schema import MetricRecord, Result

SHORT_ID = 12
MOST = 20


def title(result: Result) -> str:
    """``bfm > facenet-nn4 on lfw``, with labels where a recipe gave some."""
    cell = result.cell
    source = f"{cell.generator.label or cell.generator.name} > " if cell.generator else ""
    return f"{source}{cell.model.label or cell.model.name} on {cell.benchmark.name}"


def metric_line(metric: MetricRecord) -> str:
    """``accuracy 90.00 % [89.00, 91.00]``."""
    low, high = (metric.ci.low, metric.ci.high) if metric.ci else (None, None)
    at = operating_point(metric.at)
    name = f"{metric.name} at {at}" if at else metric.name
    return f"{name} {numbers.measured(metric.value, low, high, metric.unit)}"


def representation(result: Result) -> str:
    """A result in one line: its names, its first number and the start of its id."""
    shown = [metric for metric in result.metrics if metric.headline] or result.metrics
    number = f": {metric_line(shown[0])}" if shown else ""
    return f"<Result {result.id[:SHORT_ID]} {title(result)}{number}>"


def as_html(result: Result) -> str:
    """The numbers of a result as a list, every text escaped."""
    shown = [metric_line(metric) for metric in result.metrics[:MOST]]
    if len(result.metrics) > MOST:
        shown.append(f"{len(result.metrics) - MOST} more in metrics")
    lines = [*shown, *(f"Warning: {text}" for text in result.warnings)]
    if result.integrity == "altered":
        lines.insert(0, "Altered: the content does not fit its digest")
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<p><b>{escape(title(result))}</b> {escape(result.id[:SHORT_ID])}</p><ul>{items}</ul>"
