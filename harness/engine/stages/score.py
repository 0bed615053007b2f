"""Score: embeddings to scores, metrics and the result of a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from math import isfinite
from pathlib import Path
from typing import Any

from harness._plugins.registry import BUILTIN, FROM_FILE
from harness._plugins.targets import source_file, source_sha256
from harness.digests import digest, file_sha256
from harness.embedding.doubt import unsound
from harness.embedding.extract import load
from harness.engine import acquainted, environments
from harness.engine.plugin_metrics import Extra, measure
from harness.engine.session import Session
from harness.engine.twins import twin_notes
from harness.errors import DataError
from harness.fileio import verified
from harness.lifecycle import Scored
from harness.plan import published_refs
from harness.plan.nodes import PlannedCell, ResolvedComponent
from harness.protocols.base import Embeddings, Evaluation, Metric, Scores
from harness.protocols.doubt import direction, require_unequal
from harness.protocols.pairs import PairFolds
from harness.recipe import parameters
from harness.results import env_file
from harness.results.cells import SCORES, write_curves, write_extra, write_result
from harness.results.columns import write_columns
from harness.results.plausible import contains, implausible
from harness.results.schema import (
    CellUse,
    ComponentUse,
    CostRecord,
    EnrolmentRecord,
    IntervalRecord,
    MetricRecord,
    ProvenanceRecord,
    Result,
    SeedRecord,
)
from harness.store.artifacts import Artifact

NO_INTERVAL = "no interval: the bootstrap of so few comparisons does not contain the estimate"

UNSHOWN = ("warnings", "source_sha256", "wall_s", "machine")
"""Facts of an artifact that stand elsewhere in a result, or differ between equal runs."""

OF_A_PHASE = ("trained_on", "steps", "images", "seconds", "final_loss", "validation_accuracy",
              "settings", "assumed")  # fmt: skip


def run(cell: PlannedCell, session: Session, folder: Path, cost: Mapping[str, float]) -> Result:
    """Score a cell and write its folder; ``result.json`` comes last and means that it is done."""
    with session.kernels():
        return _run(cell, session, folder, cost)


def _run(cell: PlannedCell, session: Session, folder: Path, cost: Mapping[str, float]) -> Result:
    benchmark = session.benchmark(cell.benchmark, cell.keys)
    comparison = benchmark.comparison(cell.comparison)
    artifacts = _artifacts(cell, session)
    embedded = artifacts["embeddings"]
    placed = artifacts["placements"].facts
    found = load(embedded.folder)
    embeddings = Embeddings(found.plain, found.mirror, found.enrolled, benchmark.images().names)
    doubts = unsound(
        found.plain, found.enrolled, embedded.facts["input"], ready="model" not in cell.keys
    )
    scores = comparison.score(embeddings)
    # Rows of a comparison of templates are no images; and the embeddings of a network that tells
    # nothing apart are all the same.
    if not doubts and isinstance(comparison, PairFolds):
        doubts += twin_notes(scores.columns, embeddings, benchmark.images())
    require_unequal(scores.columns)
    evaluation = comparison.evaluate(scores, session.plan.study.seed)
    _require_finite(cell, evaluation)
    doubts += direction(evaluation.metrics, scores.columns)
    models = [artifacts[role].folder for role in sorted(artifacts) if role.startswith("model")]
    doubts += acquainted.warnings(benchmark, cell.benchmark.name, models)
    folder.mkdir(parents=True, exist_ok=True)
    write_columns(folder / SCORES, scores.columns)
    protocol = comparison.protocol() | {
        "input": dict(embedded.facts["input"]),
        "placed_by": dict(placed["placed_by"]),
        "aligner": cell.aligner.identity() if cell.aligner and placed["placed_by"].get("detector")
        else None,
        "embedding_dtype": embedded.facts["dtype"],
        "align": session.plan.study.align,
        "on_failure": session.plan.study.on_failure,
    }  # fmt: skip
    extra = _extra(cell, session, protocol, scores, evaluation)
    result = Result(
        id=cell.key,
        status="ok",
        cell=_cell_use(cell, session, artifacts),
        comparison=cell.comparison,
        protocol=protocol,
        metrics=metric_records(evaluation, extra),
        curves=write_curves(folder, evaluation),
        raw={
            "scores": SCORES,
            "sha256": file_sha256(folder / SCORES),
            **write_extra(folder, scores),
        },
        enrolment=EnrolmentRecord.model_validate(
            {name: placed[name] for name in EnrolmentRecord.model_fields if name in placed}
        ),
        seed=SeedRecord(root=session.plan.study.seed, repeat=cell.repeat),
        limited=session.plan.study.limit,
        published=published_refs.entries(session.plan, cell, evaluation.metrics),
        provenance=ProvenanceRecord(
            inputs=dict(cell.keys),
            code={**code_version(), **plugins_of(cell, extra.versions)},
            env=environments.record(session, artifacts),
        ),
        cost=CostRecord(wall_s=dict(cost), images=embedded.facts["images"]),
        warnings=[
            *_warnings(artifacts.values(), evaluation, placed, session.notes(cell.benchmark)),
            *doubts,
            *extra.warnings,
            *([env_file.SIZE_ONLY] if verified.mode() == "size" else []),
        ],
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return write_result(folder, result)


def _extra(
    cell: PlannedCell,
    session: Session,
    protocol: Mapping[str, Any],
    scores: Scores,
    evaluation: Evaluation,
) -> Extra:
    scored = Scored(
        benchmark=cell.benchmark.name,
        comparison=cell.comparison,
        protocol=protocol,
        scores=scores,
        metrics=tuple(evaluation.metrics),
        seed=session.plan.study.seed,
    )
    return measure(session.registry, scored)


def _require_finite(cell: PlannedCell, evaluation: Evaluation) -> None:
    """A benchmark says None for what it cannot measure; NaN would be a number nobody can read."""
    wrong = [m.name for m in evaluation.metrics if m.value is not None and not isfinite(m.value)]
    if wrong:
        provided = cell.benchmark.provided
        raise DataError(
            f"benchmark {cell.benchmark.name} of {provided.dist} gave {wrong[0]} a value that is "
            "not finite; it must give None and say why in the note"
        )


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


def _artifacts(cell: PlannedCell, session: Session) -> dict[str, Artifact]:
    kinds = {"faces": "faces", "model": "models", "placements": "placements",
             "embeddings": "embeddings"}  # fmt: skip
    # Roles of earlier phases carry their number: model.0.
    # Facts alone are read of them, and the manifest vouches for those; embeddings are read below.
    return {
        role: session.store.entry(kinds.get(role.partition(".")[0], "faces"), key)
        for role, key in cell.keys.items()
    }


def _cell_use(cell: PlannedCell, session: Session, artifacts: Mapping[str, Artifact]) -> CellUse:
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
        facts={k: v for k, v in facts.items() if k not in UNSHOWN},
    )


def _warnings(
    artifacts: Iterable[Artifact],
    evaluation: Evaluation,
    placed: Mapping[str, Any],
    notes: Sequence[str],
) -> list[str]:
    found = list(notes)
    for artifact in artifacts:
        found += artifact.facts.get("warnings", [])
    if placed["failed"]:
        share = placed["failed"] / placed["images"]
        found.append(f"no face in {placed['failed']} of {placed['images']} images ({share:.2%})")
    return list(dict.fromkeys([*found, *evaluation.warnings]))


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
