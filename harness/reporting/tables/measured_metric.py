"""One metric of a measure over the face sets of a study, by the name that a user gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.did_you_mean import did_you_mean
from harness.errors import NothingSelectedError, UsageError
from harness.reporting.tables.measured import conditions
from harness.results.measured.records import MeasurementRecord, ValueRecord

if TYPE_CHECKING:
    from harness.reporting.tables.matrix import Names
    from harness.results.study import Study

ALIKE = (
    "they have other parameters, seeds or other sets; name one study, or give each [[measure]] a "
    "label"
)
Found = Mapping[str, tuple[MeasurementRecord, ValueRecord]]


@dataclass(frozen=True)
class MeasuredMetric:
    """A metric that compares over sets: all but the set is equal. ``values`` are by set key."""

    measure: str
    metric: str
    model: str
    values: Found

    @property
    def better(self) -> str | None:
        """Which end of the metric is better; None where it states no direction."""
        return next((value.better for _, value in self.values.values() if value.better), None)

    @property
    def name(self) -> str:
        """As :func:`measured_metric` takes it."""
        return f"{self.measure}.{self.metric}" + (f":{self.model}" if self.model else "")

    @property
    def title(self) -> str:
        """For heads of tables."""
        return f"{self.measure} {self.metric}" + (f" ({self.model})" if self.model else "")


def measured_metrics(records: Sequence[MeasurementRecord]) -> Iterator[MeasuredMetric]:
    """Every metric of every measure, parameters and network."""
    groups: dict[str, list[MeasurementRecord]] = {}
    for record in records:
        groups.setdefault(conditions(record), []).append(record)
    for group in groups.values():
        first = group[0]
        label = first.measure.label or first.measure.name
        model = (first.model.label or first.model.name) if first.model else ""
        for metric in dict.fromkeys(value.metric for record in group for value in record.values):
            values = {record.set.key: (record, value) for record in reversed(group)
                      for value in record.values if value.metric == metric}  # fmt: skip
            yield MeasuredMetric(label, metric, model, values)


def measured_metric(records: Sequence[MeasurementRecord], name: str) -> MeasuredMetric:
    """The metric called ``METRIC``, ``MEASURE.METRIC`` or ``MEASURE.METRIC:MODEL``.

    Raises ``NothingSelectedError`` where no set was measured by it, and ``UsageError`` where
    several are called so.
    """
    known = list(measured_metrics(records))
    found = [
        metric
        for metric in known
        if name in (metric.metric, f"{metric.measure}.{metric.metric}", metric.name)
    ]
    if not found:
        names = [metric.name for metric in known]
        nearest = did_you_mean(name, [*names, *(metric.metric for metric in known)])
        raise NothingSelectedError(f"no face set here has the measure {name!r}{nearest}")
    if len(found) > 1:
        names = list(dict.fromkeys(metric.name for metric in found))
        told = f"name one of {', '.join(names)}" if len(names) > 1 else ALIKE
        raise UsageError(f"{len(found)} measures are called {name!r}: {told}")
    return found[0]


@dataclass(frozen=True)
class RowMeasure:
    """A metric beside the rows of a comparison: the value of the set that each was trained on."""

    title: str
    name: str
    values: Mapping[str, float]


def row_measure(study: Study, names: Names, name: str) -> RowMeasure:
    """The values of a metric by row id; a row of several sets has none."""
    metric = measured_metric(study.measurements, name)
    keys: dict[str, set[str]] = {}
    for result in study.results:
        if result.cell.generator is not None:
            keys.setdefault(names.row(result).id, set()).add(result.cell.generator.key)
    values: dict[str, float] = {}
    for row, sets in keys.items():
        found = [metric.values[key] for key in sets if key in metric.values]
        if len(sets) == 1 and found and found[0][0].integrity != "altered":
            value = found[0][1].value
            values |= {row: value} if value is not None else {}
    return RowMeasure(metric.title, metric.name, values)
