"""What a result records of a cell beside its scores: metrics, components used, versions of code."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

from harness._plugins.registry import BUILTIN, FROM_FILE
from harness._plugins.targets import source_file, source_sha256
from harness.digests import digest, file_sha256
from harness.engine.plugin_metrics import Extra
from harness.engine.session import Session
from harness.errors import DataError
from harness.plan.nodes import PlannedCell, ResolvedComponent
from harness.protocols.base import Evaluation, Metric
from harness.recipe import parameters
from harness.results.plausible import contains, implausible
from harness.results.schema import (
    DEPARTURES,
    CellUse,
    ComponentUse,
    IntervalRecord,
    MetricRecord,
)
from harness.store.artifacts import Artifact

NO_INTERVAL = "no interval: the bootstrap of so few comparisons does not contain the estimate"

UNSHOWN = ("warnings", "source_sha256", "wall_s", "machine")
"""Facts of an artifact that stand elsewhere in a result, or differ between equal runs."""

OF_A_PHASE = ("trained_on", "steps", "images", "seconds", "final_loss", "validation_accuracy",
              "settings", "assumed")  # fmt: skip


def metric_records(evaluation: Evaluation, extra: Extra) -> list[MetricRecord]:
    """The numbers of the benchmark, then those of plugins."""
    own = [metric_record(metric) for metric in evaluation.metrics]
    return [*own, *(metric_record(metric, plugin) for metric, plugin in extra.metrics)]


def metric_record(metric: Metric, provider: str = "") -> MetricRecord:
    """A metric as it is stored.

    A bootstrap of few comparisons can miss its own estimate; such an interval is left out, and the
    note says so. Raises ``DataError`` for a number that is not a measurement.
    """
    interval = IntervalRecord(**vars(metric.interval)) if metric.interval else None
    note = metric.note
    if interval is not None and not contains(interval, metric.value):
        note = "; ".join(filter(None, (note, NO_INTERVAL)))
        interval = None
    made = MetricRecord(
        name=metric.name,
        value=metric.value,
        at=dict(metric.at),
        unit=metric.unit,
        higher_is_better=metric.higher_is_better,
        ci=interval,
        threshold=metric.threshold,
        realised_far=metric.realised_far,
        headline=metric.headline,
        note=note,
        provider=provider,
    )
    wrong = implausible(made)
    if wrong:
        raise DataError(f"{wrong}; {provider or 'the benchmark'} must give None and say why")
    return made


def cell_use(cell: PlannedCell, session: Session, artifacts: Mapping[str, Artifact]) -> CellUse:
    """The components behind a cell, each with the facts of what it made."""
    made = {role: dict(artifact.facts) for role, artifact in artifacts.items()}
    generator = None
    if cell.generator is not None:
        first = made.get("model.0", made["model"])["trained_on"][0]
        # Of a streamed set there is no artifact, and of a part of a set only the part counts.
        used = {"identities": first["identities"], "faces": first["images"]}
        whole = made.get("faces", {})
        facts = whole if whole and not first["take"] else {**whole, **used}
        generator = component_use(cell.generator, first["key"], facts)
    return CellUse(
        generator=generator,
        model=_model_use(cell, session, made),
        benchmark=component_use(cell.benchmark, digest(cell.benchmark.identity()), {}),
        aligner=component_use(cell.aligner, digest(cell.aligner.identity()), {})
        if cell.aligner else None,
    )  # fmt: skip


def _model_use(
    cell: PlannedCell, session: Session, made: Mapping[str, Mapping[str, Any]]
) -> ComponentUse:
    """The model; a trained one also says in what precision, on what device and in which phases."""
    trained, facts = cell.keys.get("model", ""), dict(made.get("model", {}))
    earlier = [made[role] for role in sorted(made) if role.startswith("model.")]
    if earlier:
        facts["earlier_phases"] = [
            {name: phase[name] for name in OF_A_PHASE if name in phase} for phase in earlier
        ]
    use = component_use(cell.model, trained or digest(cell.model.identity()), facts)
    if not trained:
        return use
    hardware = {"device": session.plan.device.split(":")[0], "precision": session.plan.precision}
    phases = {"phases": "; ".join(cell.phases)} if cell.phases else {}
    return use.model_copy(update={"params": use.params | hardware | phases})


def component_use(chosen: ResolvedComponent, key: str, facts: Mapping[str, Any]) -> ComponentUse:
    """A component as a result records it; parameters name no machine path."""
    component = chosen.provided.component
    return ComponentUse(
        provider=chosen.provided.provider,
        name=component.name,
        label=chosen.label or "",
        version=component.version,
        params=parameters.public_values(chosen.params),
        key=key,
        source_sha256=str(
            facts.get("source_sha256") or source_sha256(component.target.partition(":")[0])
        ),
        licence=component.licence,
        citation=component.citation,
        training_data=list(component.training_data),
        facts={k: v for k, v in facts.items() if k not in UNSHOWN} | _departures(chosen),
    )


def _departures(chosen: ResolvedComponent) -> dict[str, list[str]]:
    """How a component is not the published one, for the name of its row."""
    found = list(chosen.params.departures())
    return {DEPARTURES: found} if found else {}


def code_version() -> dict[str, str]:
    """The distribution that computes, and its version."""
    return {"distribution": "synthface-harness", "version": metadata.version("synthface-harness")}


def plugins_of(cell: PlannedCell, measuring: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The plugins of others that a cell used: distribution to version, or file to SHA-256.

    ``measuring`` are the versions of those that added metrics.
    """
    found = dict(measuring)
    for chosen in (cell.generator, cell.model, cell.benchmark, cell.aligner):
        if chosen is None or chosen.provided.dist == BUILTIN:
            continue
        provided = chosen.provided
        if provided.dist_version == FROM_FILE:
            file = source_file(provided.component.target.partition(":")[0])
            found[f"{provided.dist}.py"] = f"sha256:{file_sha256(file)}" if file else ""
        else:
            found[provided.dist] = provided.dist_version
    return {"plugins": dict(sorted(found.items()))} if found else {}
