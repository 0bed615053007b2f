"""Face sets ranked by one measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import UsageError
from harness.reporting.leaderboard import ALTERED
from harness.reporting.tables.grid import Grid
from harness.reporting.tables.measured import sets_of
from harness.reporting.tables.measured_metric import (
    MeasuredMetric,
    measured_metric,
    measured_metrics,
)
from harness.reporting.tables.table_column import TableColumn, table_of
from harness.results.measured.records import MeasurementRecord, ValueRecord

CHANCE = (
    "Ranks take no account of chance: sets whose intervals overlap may change places. "
    "`harness faces compare-sets` gives their difference."
)


@dataclass(frozen=True)
class RankedSet:
    """A face set at its place; without a rank ``excluded`` says why. Equal values share a rank."""

    title: str
    record: MeasurementRecord
    value: ValueRecord
    rank: int | None
    excluded: str = ""


def rank_sets(
    records: Sequence[MeasurementRecord], name: str
) -> tuple[MeasuredMetric, list[RankedSet]]:
    """The metric of that name, and the sets that have it, best first.

    Raises ``UsageError`` for a metric without a direction, and as :func:`measured_metric` does.
    """
    metric = measured_metric(records, name)
    if metric.better is None:
        ends = sorted({m.name for m in _directed(records)})
        raise UsageError(
            f"{metric.name} states no direction, so no set is better by it; rank by one that does: "
            f"{', '.join(ends) or 'none was measured'}"
        )
    sign = -1 if metric.better == "high" else 1
    titles = sets_of(records)
    why = {key: _excluded(record, value) for key, (record, value) in metric.values.items()}
    ranked = [value.value for key, (_, value) in metric.values.items()
              if not why[key] and value.value is not None]  # fmt: skip
    found = []
    for key, (record, value) in metric.values.items():
        rank = None
        if not why[key] and value.value is not None:
            mine = sign * value.value
            rank = 1 + sum(sign * other < mine for other in ranked)
        found.append(RankedSet(titles[key], record, value, rank, why[key]))
    found.sort(key=lambda one: (one.rank is None, one.rank or 0, one.title))
    return metric, found


def _directed(records: Sequence[MeasurementRecord]) -> list[MeasuredMetric]:
    return [metric for metric in measured_metrics(records) if metric.better]


def _excluded(record: MeasurementRecord, value: ValueRecord) -> str:
    if record.integrity == "altered":
        return ALTERED
    if record.limited is not None:
        return f"limited to {record.limited}"
    return value.why if value.value is None else ""


def set_ranking(records: Sequence[MeasurementRecord], name: str) -> Grid:
    """The ranking as a table."""
    metric, places = rank_sets(records, name)
    columns = [
        TableColumn[RankedSet]("#", "rank", lambda place: place.rank, numeric=True),
        TableColumn[RankedSet]("Face set", "set", lambda place: place.title),
        TableColumn[RankedSet]("IDs", "identities", lambda p: p.record.set.identities,
                               numeric=True),
        TableColumn[RankedSet]("Images", "images", lambda p: p.record.set.images, numeric=True),
        TableColumn[RankedSet](metric.title, "value", lambda p: p.value.value, numeric=True),
        TableColumn[RankedSet]("95 % interval", "low", lambda p: p.value.low, numeric=True,
                               text=_interval),
        TableColumn[RankedSet]("", "high", lambda p: p.value.high, numeric=True),
        TableColumn[RankedSet]("Not ranked", "not_ranked", lambda p: p.excluded),
    ]  # fmt: skip
    made = table_of("set-ranking", f"Face sets by {metric.title}", columns, places)
    told = next((value.text for _, value in metric.values.values() if value.text), "")
    end = "higher" if metric.better == "high" else "lower"
    about = f"{metric.title}: {told}" if told else metric.title
    made.notes = [f"{about}; {end} is better; equal values share a rank.", CHANCE]
    return made


def _interval(place: RankedSet) -> str:
    value = place.value
    return "" if value.low is None else f"[{value.low:.4g}, {value.high:.4g}]"
