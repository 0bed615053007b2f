"""Score: embeddings to scores, metrics and the result of a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from harness.digests import file_sha256
from harness.embedding.doubt import unsound
from harness.embedding.extract import load
from harness.engine import acquainted, environments
from harness.engine.plugin_metrics import Extra, measure
from harness.engine.session import Session
from harness.engine.stages.cell_record import cell_use, code_version, metric_records, plugins_of
from harness.engine.twins import twin_notes
from harness.errors import DataError, HarnessError
from harness.fileio import verified
from harness.lifecycle import Scored
from harness.plan import published_refs
from harness.plan.nodes import PlannedCell
from harness.protocols.base import Embeddings, Evaluation, Scores
from harness.protocols.doubt import direction, require_unequal
from harness.protocols.pairs import PairFolds
from harness.results import env_file
from harness.results.cells import SCORES, write_curves, write_extra, write_result
from harness.results.columns import write_columns
from harness.results.schema import (
    CostRecord,
    EnrolmentRecord,
    ProvenanceRecord,
    Result,
    SeedRecord,
)
from harness.store.artifacts import Artifact


@dataclass(frozen=True)
class ScoredCell:
    """Scores and metrics of a cell, the rules they follow, and what is doubtful about them."""

    protocol: Mapping[str, Any]
    scores: Scores
    evaluation: Evaluation
    doubts: tuple[str, ...]


def run(cell: PlannedCell, session: Session, folder: Path, cost: Mapping[str, float]) -> Result:
    """Score a cell and write its folder; ``result.json`` comes last and means that it is done."""
    with session.kernels():
        artifacts = _artifacts(cell, session)
        scored = _score(cell, session, artifacts)
        folder.mkdir(parents=True, exist_ok=True)
        write_columns(folder / SCORES, scored.scores.columns)
        return write_result(folder, _result(cell, session, artifacts, scored, folder, cost))


def restore_environment(cell: PlannedCell, session: Session, done: Result) -> str:
    """Write a damaged environment of a finished cell again; see :func:`environments.restore`."""
    try:
        artifacts = _artifacts(cell, session)
    except HarnessError:
        return ""  # without its inputs nothing is known of where they were made
    return environments.restore(session, done.provenance.env, artifacts)


def _score(cell: PlannedCell, session: Session, artifacts: Mapping[str, Artifact]) -> ScoredCell:
    benchmark = session.benchmark(cell.benchmark, cell.keys)
    comparison = benchmark.comparison(cell.comparison)
    embedded = artifacts["embeddings"]
    found = load(embedded.folder)
    embeddings = Embeddings(found.plain, found.mirror, found.enrolled, benchmark.images().names)
    doubts = unsound(
        found.plain, found.enrolled, embedded.facts["input"], ready="model" not in cell.keys
    )
    scores = comparison.score(embeddings)
    # Rows of a comparison of templates are not images; and the embeddings of a network that tells
    # nothing apart are all the same.
    if not doubts and isinstance(comparison, PairFolds):
        doubts += twin_notes(scores.columns, embeddings, benchmark.images())
    require_unequal(scores.columns)
    evaluation = comparison.evaluate(scores, session.plan.study.seed)
    _require_finite(cell, evaluation)
    doubts += direction(evaluation.metrics, scores.columns)
    models = [artifacts[role].folder for role in sorted(artifacts) if role.startswith("model")]
    doubts += acquainted.warnings(benchmark, cell.benchmark.name, models)
    protocol = comparison.protocol() | _settings(cell, session, artifacts)
    return ScoredCell(protocol, scores, evaluation, tuple(doubts))


def _settings(
    cell: PlannedCell, session: Session, artifacts: Mapping[str, Artifact]
) -> dict[str, Any]:
    """What of the run, and not of the comparison, decides which numbers may be compared."""
    embedded, placed_by = artifacts["embeddings"].facts, artifacts["placements"].facts["placed_by"]
    return {
        "input": dict(embedded["input"]),
        "placed_by": dict(placed_by),
        "aligner": cell.aligner.identity() if cell.aligner and placed_by.get("detector") else None,
        "embedding_dtype": embedded["dtype"],
        "align": session.plan.study.align,
        "on_failure": session.plan.study.on_failure,
    }


def _result(
    cell: PlannedCell,
    session: Session,
    artifacts: Mapping[str, Artifact],
    scored: ScoredCell,
    folder: Path,
    cost: Mapping[str, float],
) -> Result:
    """The result of a cell; its curves and further arrays are written into ``folder``."""
    evaluation, placed = scored.evaluation, artifacts["placements"].facts
    extra = _extra(cell, session, scored)
    return Result(
        id=cell.key,
        status="ok",
        cell=cell_use(cell, session, artifacts),
        comparison=cell.comparison,
        protocol=dict(scored.protocol),
        metrics=metric_records(evaluation, extra),
        curves=write_curves(folder, evaluation),
        raw={
            "scores": SCORES,
            "sha256": file_sha256(folder / SCORES),
            **write_extra(folder, scored.scores),
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
        cost=CostRecord(wall_s=dict(cost), images=artifacts["embeddings"].facts["images"]),
        warnings=[
            *_warnings(artifacts.values(), evaluation, placed, session.notes(cell.benchmark)),
            *scored.doubts,
            *extra.warnings,
            *([env_file.SIZE_ONLY] if verified.mode() == "size" else []),
        ],
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _extra(cell: PlannedCell, session: Session, scored: ScoredCell) -> Extra:
    """Metrics of plugins, which see the scores and the numbers of the benchmark."""
    return measure(
        session.registry,
        Scored(
            benchmark=cell.benchmark.name,
            comparison=cell.comparison,
            protocol=scored.protocol,
            scores=scored.scores,
            metrics=tuple(scored.evaluation.metrics),
            seed=session.plan.study.seed,
        ),
    )


def _require_finite(cell: PlannedCell, evaluation: Evaluation) -> None:
    """A benchmark says None for what it cannot measure; NaN would be a number nobody can read."""
    wrong = [m.name for m in evaluation.metrics if m.value is not None and not isfinite(m.value)]
    if wrong:
        provided = cell.benchmark.provided
        raise DataError(
            f"benchmark {cell.benchmark.name} of {provided.dist} gave {wrong[0]} a value that is "
            "not finite; it must give None and say why in the note"
        )


def _artifacts(cell: PlannedCell, session: Session) -> dict[str, Artifact]:
    kinds = {"faces": "faces", "model": "models", "placements": "placements",
             "embeddings": "embeddings"}  # fmt: skip
    # Roles of earlier phases carry their number: model.0.
    # Facts alone are read of them, and the manifest vouches for those; embeddings are read below.
    return {
        role: session.store.entry(kinds.get(role.partition(".")[0], "faces"), key)
        for role, key in cell.keys.items()
    }


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
