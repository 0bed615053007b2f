"""Measures of face sets as a tidy table: one row per value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from harness.results.measured.records import ROLES

if TYPE_CHECKING:
    import pandas as pd

    from harness.results.measured.records import MeasurementRecord

COLUMNS = (
    "generator", "generator_label", "generator_params", "generator_key", "set", "images",
    "identities", "measure", "measure_params", "metric", "value", "low", "high", "n", "better",
    "model", "model_params", "against", "seen", "control", "seed", "limited", "why", "id",
    "integrity",
)  # fmt: skip


def frame(records: Iterable[MeasurementRecord]) -> pd.DataFrame:
    """One row per value of every record, columns ``COLUMNS``; absent values are missing values.

    ``generator_key`` is that of the measured set, which the frame of results has too.
    """
    import pandas as pd

    rows = [row for record in records for row in rows_of(record)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def rows_of(record: MeasurementRecord) -> Iterator[dict[str, Any]]:
    """The rows of one record as dictionaries over ``COLUMNS``."""
    generator, model = record.generator, record.model
    common = {
        "generator": generator.name if generator else None,
        "generator_label": (generator.label or generator.name) if generator else None,
        "generator_params": json.dumps(generator.params, sort_keys=True) if generator else None,
        "generator_key": record.set.key,
        "set": record.title,
        "images": record.set.images,
        "identities": record.set.identities,
        "measure": record.measure.name,
        "measure_params": json.dumps(record.measure.params, sort_keys=True),
        "model": (model.label or model.name) if model else None,
        "model_params": json.dumps(model.params, sort_keys=True) if model else None,
        **{role: record.others[role].key if role in record.others else None for role in ROLES},
        "seed": record.seed,
        "limited": record.limited,
        "id": record.id,
        "integrity": record.integrity,
    }
    for value in record.values:
        numbers = value.model_dump(include={"metric", "value", "low", "high", "n", "better"})
        yield {**common, **numbers, "why": value.why or None}
