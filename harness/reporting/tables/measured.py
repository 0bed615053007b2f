"""Measures of face sets side by side: one row per metric, one column per set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.digests import digest
from harness.results.measured.records import MeasurementRecord, ValueRecord

ABSENT = ValueRecord(metric="", value=None, why="not measured")


@dataclass(frozen=True)
class MeasuredRow:
    """One metric of one measure under one network; ``values`` are in the order of the sets."""

    measure: str
    metric: str
    model: str
    values: Sequence[ValueRecord]
    records: Sequence[MeasurementRecord | None]

    @property
    def told(self) -> ValueRecord:
        """A value of the row that says what the metric is."""
        return next((value for value in self.values if value.text), self.values[0])

    @property
    def range(self) -> str:
        """The range of the metric and which end is better, in words."""
        told = self.told
        return range_in_words(told.least, told.most, told.better)


def range_in_words(low: float | None, high: float | None, better: str | None) -> str:
    """The range of a metric and which end is better, in words."""
    if low is None and high is None:
        ends = ""
    elif high is None:
        ends = f"from {low:g}"
    else:
        ends = f"{'up' if low is None else f'{low:g}'} to {high:g}"
    end = {"high": "higher is better", "low": "lower is better"}.get(better or "", "")
    return ", ".join(part for part in (ends, end) if part)


def conditions(record: MeasurementRecord) -> str:
    """A digest of all but the set that values depend on: records that share it compare."""
    model = record.model
    others = {role: other.key for role, other in record.others.items()}
    return digest(
        [
            record.measure.provider, record.measure.version, record.measure.params,
            [model.provider, model.version, model.params] if model else None,
            others, record.seed,
        ]
    )  # fmt: skip


def sets_of(records: Sequence[MeasurementRecord]) -> dict[str, str]:
    """Titles of the measured sets by key; equal titles are told apart by their keys."""
    titles = {record.set.key: record.title for record in records}
    known = list(titles.values())
    return {
        key: title if known.count(title) == 1 else f"{title} {key[:8]}"
        for key, title in titles.items()
    }


def side_by_side(records: Sequence[MeasurementRecord]) -> list[MeasuredRow]:
    """Every metric of any set; sets are in the order of :func:`sets_of`.

    Values are in one row only where all but the set is equal: measure, parameters, network, other
    sets and seed.
    """
    keys = list(sets_of(records))
    groups: dict[str, dict[str, MeasurementRecord]] = {}
    for record in records:
        groups.setdefault(conditions(record), {}).setdefault(record.set.key, record)
    names = [_name(next(iter(group.values()))) for group in groups.values()]
    rows = []
    for (condition, group), name in zip(groups.items(), names, strict=True):
        shown = name if names.count(name) == 1 else f"{name} {condition[:6]}"
        model = next(iter(group.values())).model
        found = [group.get(key) for key in keys]
        columns = [{v.metric: v for v in one.values} if one else {} for one in found]
        for metric in dict.fromkeys(metric for column in columns for metric in column):
            values = [column.get(metric, ABSENT) for column in columns]
            label = (model.label or model.name) if model else ""
            rows.append(MeasuredRow(shown, metric, label, values, found))
    return rows


def _name(record: MeasurementRecord) -> str:
    return record.measure.label or record.measure.name


def value_text(value: ValueRecord) -> str:
    """A value with its interval, or why there is none."""
    if value.value is None:
        return f"n/a: {value.why}"
    text = f"{value.value:.4g}"
    return text if value.low is None else f"{text} [{value.low:.4g}, {value.high:.4g}]"


def measures_table(records: Sequence[MeasurementRecord]) -> str:
    """A text table of all measures, sets side by side."""
    from tabulate import tabulate

    rows, last = [], ""
    for row in side_by_side(records):
        name = f"{row.measure} ({row.model})" if row.model else row.measure
        rows.append([name if name != last else "", row.metric, *map(value_text, row.values)])
        last = name
    heads = ["measure", "metric", *sets_of(records).values()]
    return str(tabulate(rows, heads, disable_numparse=True))
