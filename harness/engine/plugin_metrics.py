"""Numbers that plugins measure from the scores of a comparison, beside those of its benchmark."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness._plugins.registry import BUILTIN, FROM_FILE, Registry
from harness.digests import file_sha256
from harness.lifecycle import Scored
from harness.protocols.base import Metric, Scores
from harness.results.plausible import out_of_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[str, tuple[tuple[str, float | str], ...]]


@dataclass
class Extra:
    """Metrics with the plugin that measured each, versions of the plugins, and what went wrong."""

    metrics: list[tuple[Metric, str]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def measure(registry: Registry, scored: Scored) -> Extra:
    """Ask every plugin; one that fails, or takes a name that is taken, gives none.

    The result then says in a warning whose numbers are missing and why.
    """
    found, taken = Extra(), {metric.name for metric in scored.metrics}
    # Where the benchmark marks none, its first number is the table's, and stays it.
    marked = any(metric.headline for metric in scored.metrics)
    given: set[Point] = set()

    def shape(answer: Any) -> list[Metric]:
        metrics = checked(answer, taken, given)
        given.update(_point(metric) for metric in metrics)
        return metrics

    for answer in registry.ask("harness_metrics", shape, scored=_sealed(scored)):
        if answer.error:
            found.warnings.append(f"metrics of plugin {answer.plugin} are missing: {answer.error}")
            continue
        for metric in answer.value:
            shown = replace(metric, headline=metric.headline and marked)
            found.metrics.append((shown, answer.plugin))
        if answer.value:
            found.versions |= _version(registry, answer.plugin)
    return found


def _sealed(scored: Scored) -> Scored:
    """What a plugin may look at and cannot change: copies, and arrays that refuse writing."""

    def locked(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        views = {name: values.view() for name, values in arrays.items()}
        for view in views.values():
            view.flags.writeable = False
        return views

    return replace(
        scored,
        protocol=deepcopy(dict(scored.protocol)),
        metrics=deepcopy(scored.metrics),
        scores=Scores(locked(scored.scores.columns), locked(scored.scores.extra)),
    )


def _version(registry: Registry, plugin: str) -> dict[str, str]:
    """As results name plugins: distribution to version, or file to SHA-256."""
    dist, version = plugin.partition(":")[0], registry.version_of(plugin)
    if dist == BUILTIN:
        return {}
    if version != FROM_FILE:
        return {dist: version}
    file = Path(str(getattr(registry.manager.get_plugin(plugin), "__file__", "")))
    return {f"{dist}.py": f"sha256:{file_sha256(file)}"}


def checked(answer: Any, taken: Collection[str], given: Collection[Point] = ()) -> list[Metric]:
    """Metrics that may be beside those of a benchmark.

    ``taken`` are the names of the benchmark, ``given`` what other plugins measured. Raises
    ``TypeError`` or ``ValueError`` naming the metric.
    """
    found: list[Metric] = []
    for metric in answer:
        if not isinstance(metric, Metric):
            raise TypeError(f"it must give Metric objects, not {metric!r}")
        if not metric.name.strip():
            raise ValueError("a metric has no name")
        if metric.name in taken:
            raise ValueError(f"{metric.name!r} is a metric of the benchmark; give it another name")
        if _point(metric) in given or _point(metric) in map(_point, found):
            raise ValueError(f"{metric.name!r} is given already; give it another name")
        if metric.value is not None and not isfinite(metric.value):
            raise ValueError(f"{metric.name!r} is not finite; give None and say why in the note")
        if metric.value is not None and out_of_range(metric.value, metric.unit):
            raise ValueError(
                f"{metric.name!r} = {metric.value:g} is out of the range of a {metric.unit}; give "
                "its unit"
            )
        found.append(metric)
    return found


def _point(metric: Metric) -> Point:
    return metric.name, tuple(sorted(metric.at.items(), key=str))
