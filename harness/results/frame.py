"""Results as a tidy table: one row per number."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from harness.results.operating_points import operating_point

if TYPE_CHECKING:
    import pandas as pd

    from harness.results.schema import ComponentUse, MetricRecord, Result

COLUMNS = (
    "generator", "generator_label", "generator_params", "model", "model_label", "model_params",
    "benchmark", "comparison",
    "protocol", "metric", "operating_point", "value", "low", "high", "level", "unit",
    "higher_is_better", "headline", "n_genuine", "n_impostor", "threshold", "realised_far",
    "seed", "repeat", "limited", "generator_key", "model_key", "benchmark_key", "id", "status",
    "note", "warnings", "created", "integrity",
)  # fmt: skip


def frame(results: Iterable[Result]) -> pd.DataFrame:
    """One row per number of every result, columns ``COLUMNS``.

    A label is that of the recipe's entry, or the component's name. Parameters are JSON texts,
    warnings are joined by ``; ``, absent values are missing values.
    """
    import pandas as pd

    rows = [row for result in results for row in rows_of(result)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def rows_of(result: Result) -> list[dict[str, Any]]:
    """The rows of one result as dictionaries over ``COLUMNS``."""
    cell, protocol = result.cell, result.protocol
    common = {
        **_component("generator", cell.generator),
        **_component("model", cell.model),
        "benchmark": cell.benchmark.name,
        "benchmark_key": cell.benchmark.key,
        "comparison": result.comparison,
        "protocol": protocol.get("id"),
        "n_genuine": protocol.get("n_genuine"),
        "n_impostor": protocol.get("n_impostor"),
        "seed": result.seed.root,
        "repeat": result.seed.repeat,
        "limited": result.limited,
        "id": result.id,
        "status": result.status,
        "warnings": "; ".join(result.warnings),
        "created": result.created,
        "integrity": result.integrity,
    }
    return [{**common, **_metric(metric)} for metric in result.metrics]


def _component(kind: str, use: ComponentUse | None) -> Mapping[str, Any]:
    if use is None:
        return dict.fromkeys((kind, f"{kind}_label", f"{kind}_params", f"{kind}_key"))
    params = json.dumps(use.params, sort_keys=True)
    return {
        kind: use.name,
        f"{kind}_label": use.label or use.name,
        f"{kind}_params": params,
        f"{kind}_key": use.key,
    }


def _metric(metric: MetricRecord) -> Mapping[str, Any]:
    ci = metric.ci
    return {
        "metric": metric.name,
        "operating_point": operating_point(metric.at),
        "value": metric.value,
        "low": ci.low if ci else None,
        "high": ci.high if ci else None,
        "level": ci.level if ci else None,
        "unit": metric.unit,
        "higher_is_better": metric.higher_is_better,
        "headline": metric.headline,
        "threshold": metric.threshold,
        "realised_far": metric.realised_far,
        "note": metric.note,
    }
