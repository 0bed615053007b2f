"""What makes two numbers comparable: the column they stand in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.digests import digest
from harness.results.operating_points import operating_point

if TYPE_CHECKING:
    from harness.results.schema import MetricRecord, Result

Base = tuple[str, str, str, str]
"""Benchmark, comparison, metric and operating point."""

OF_THE_MODEL = {"input", "embedding_dtype"}
NAMES = {
    "tar@far": "TAR",
    "auc": "AUC",
    "eer": "EER",
    "tar": "TAR",
    "val@far": "VAL",
    "rank-rate": "hit rate",
    "tpir@fpir": "TPIR",
}


@dataclass(frozen=True)
class MetricColumn:
    """Numbers of one metric on one comparison under one protocol.

    ``variant`` is ``a``, ``b``, ... where the same metric is in several columns because the
    protocols differ, else empty; ``protocol`` is what :func:`rules` gives.
    """

    benchmark: str
    comparison: str
    metric: str
    at: str
    unit: str
    higher_is_better: bool
    protocol: Mapping[str, Any]
    variant: str = ""
    show_comparison: bool = False

    @property
    def id(self) -> str:
        """Distinguishes columns within one table."""
        return f"{self.benchmark}|{self.comparison}|{self.metric}|{self.at}|{self.variant}"

    @property
    def bench(self) -> str:
        """``cfp``, or ``cfp/frontal-profile`` where the benchmark has several comparisons."""
        return f"{self.benchmark}/{self.comparison}" if self.show_comparison else self.benchmark

    @property
    def measure(self) -> str:
        """``accuracy`` or ``TAR at FAR=1e-4``."""
        name = NAMES.get(self.metric, self.metric)
        return f"{name} at {self.at}" if self.at else name

    @property
    def title(self) -> str:
        """Benchmark and metric in one line, with the unit where it is not a percentage."""
        return f"{self.bench} {self.measure}"

    @property
    def count(self) -> int | None:
        """How many comparisons decide the number: none more than those of the protocol."""
        return support(self.metric, self.at, self.protocol)


def support(metric: str, at: str, protocol: Mapping[str, Any]) -> int | None:
    """Comparisons behind a metric: genuine pairs for a TAR, all pairs for an accuracy.

    None for numbers of a part of the pairs, whose count the protocol does not give.
    """
    genuine, impostor = protocol.get("n_genuine"), protocol.get("n_impostor")
    if not isinstance(genuine, int) or not isinstance(impostor, int):
        return None
    if metric.startswith(("tar", "val", "fnmr")):
        return genuine
    return None if at else genuine + impostor


def pairs(protocol: Mapping[str, Any]) -> int | None:
    """All pairs of a protocol, or None where it does not count pairs."""
    return support("", "", protocol)


def rules(result: Result) -> dict[str, Any]:
    """Everything that must agree for two numbers to share a column.

    The protocol, by which rules faces were found, and the version of the benchmark's code. What a
    model asks of its input (size, colour, precision) belongs to the model, not to the protocol.
    """
    protocol = {key: value for key, value in result.protocol.items() if key not in OF_THE_MODEL}
    placed = protocol.get("placed_by")
    if isinstance(placed, Mapping):
        protocol["placed_by"] = sorted(rule for rule, faces in placed.items() if faces)
    return {**protocol, "benchmark_version": result.cell.benchmark.version}


def columns_of(results: Iterable[Result], *, headline: bool) -> dict[tuple[int, int], MetricColumn]:
    """The column of every number, by (position of the result, position of the metric).

    With ``headline`` only numbers for the main table: those marked so, or a result's first number
    where none is marked.
    """
    places: dict[tuple[int, int], tuple[Base, str]] = {}
    variants: dict[Base, dict[str, tuple[dict[str, Any], MetricRecord]]] = {}
    comparisons: dict[str, set[str]] = {}
    for index, result in enumerate(results):
        protocol = rules(result)
        signature = digest(protocol)
        benchmark = result.cell.benchmark.name
        comparisons.setdefault(benchmark, set()).add(result.comparison)
        for position, metric in _chosen(result, headline=headline):
            base = (benchmark, result.comparison, metric.name, operating_point(metric.at))
            variants.setdefault(base, {}).setdefault(signature, (protocol, metric))
            places[index, position] = (base, signature)
    made: dict[tuple[Base, str], MetricColumn] = {}
    for base, found in variants.items():
        for mark, signature in zip(marks(len(found)), sorted(found), strict=True):
            protocol, metric = found[signature]
            made[base, signature] = MetricColumn(
                *base,
                unit=metric.unit,
                higher_is_better=metric.higher_is_better,
                protocol=protocol,
                variant=mark,
                show_comparison=len(comparisons[base[0]]) > 1,
            )
    return {place: made[key] for place, key in places.items()}


def marks(count: int) -> list[str]:
    """``a``, ``b``, ... for ``count`` variants; one variant needs no mark."""
    if count == 1:
        return [""]
    return [chr(ord("a") + i) if i < 26 else f"a{i}" for i in range(count)]


def _chosen(result: Result, *, headline: bool) -> list[tuple[int, MetricRecord]]:
    every = list(enumerate(result.metrics))
    if not headline:
        return every
    return [item for item in every if item[1].headline] or every[:1]


def differing(protocols: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Fields in which protocols differ, each with its value in every protocol as text."""
    protocols = list(protocols)
    fields = dict.fromkeys(key for protocol in protocols for key in flat(protocol))
    flats = [flat(protocol) for protocol in protocols]
    table = {key: [f.get(key, "not stated") for f in flats] for key in fields}
    return {key: values for key, values in table.items() if len(set(values)) > 1}


def flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings as dotted names with values as text."""
    lines: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            lines |= flat(value, f"{prefix}{key}.")
        else:
            lines[f"{prefix}{key}"] = _text(value)
    return lines


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
