"""Scores of another tool as a finished cell of a study."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness._plugins.registry import Registry
from harness.digests import digest, file_sha256
from harness.engine.stages.cell_record import code_version, metric_record
from harness.errors import DataError, UsageError
from harness.fileio.names import WRITTEN, file_name, require_no_links
from harness.protocols.base import Evaluation, Scores
from harness.protocols.doubt import direction, require_unequal
from harness.protocols.imported import ImportedScores
from harness.protocols.pair_doubt import examine_listed
from harness.results import env_file
from harness.results.cells import SCORES, finished, write_curves, write_result
from harness.results.columns import write_columns
from harness.results.schema import (
    CellUse,
    ComponentUse,
    CostRecord,
    ProvenanceRecord,
    Result,
    SeedRecord,
)
from harness.results.score_files import Form, Listed, read_scores

ADVICE = (
    "these look like distances or costs; write them with the opposite sign, or check that the "
    "labels are not the wrong way round, and import them again"
)


@dataclass(frozen=True)
class Wanted:
    """What an imported file is: the benchmark and its comparison, and a name for the model."""

    benchmark: str
    comparison: str
    model: str


def import_scores(
    study: Path, path: Path, wanted: Wanted, registry: Registry, form: Form | None = None
) -> tuple[Result, Path, bool]:
    """Score a file as a cell of ``study``: the result, its folder, and whether it is new.

    Raises UsageError for an unknown benchmark, DataError naming file and line for a bad one.
    """
    try:
        file_name(wanted.model.strip())
    except ValueError as error:
        raise UsageError(f"--model names what made the scores, and {error}") from None
    require_no_links(study, *WRITTEN)
    listed, sha = read_scores(path, form), file_sha256(path)
    use = _benchmark(registry, wanted.benchmark)
    title = use.name if wanted.comparison == "verification" else f"{use.name}-{wanted.comparison}"
    scores = Scores(_columns(listed))
    with _faults_of(path):
        comparison = ImportedScores(title, listed.genuine, listed.fold, sha)
        require_unequal(scores.columns)
    key = digest({"imported": sha, "as": vars(wanted), "benchmark": use.provider})
    folder = study / "cells" / f"{key[:12]}-imported-{wanted.model}-{use.name}-r0"
    there = finished(folder)
    if there is not None:
        return there, folder, False
    with _faults_of(path):
        evaluation = comparison.evaluate(scores, 0)
    doubts = examine_listed(listed.first, listed.second, listed.genuine)
    warnings = [
        *evaluation.warnings,
        *(f"{path.name}: {text}" for text in doubts.texts()),
        *direction(evaluation.metrics, scores.columns, ADVICE),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    write_columns(folder / SCORES, scores.columns)
    cell = CellUse(generator=None, model=_model(wanted.model, path, sha), benchmark=use)
    result = _result(study, folder, key, cell, wanted.comparison, comparison, evaluation, warnings)
    return write_result(folder, result), folder, True


def _result(
    study: Path,
    folder: Path,
    key: str,
    cell: CellUse,
    name: str,
    comparison: ImportedScores,
    evaluation: Evaluation,
    warnings: list[str],
) -> Result:
    """The result of an imported cell, whose scores are in ``folder``; its curves are written."""
    return Result(
        id=key,
        status="ok",
        cell=cell,
        comparison=name,
        protocol=comparison.protocol(),
        metrics=[metric_record(metric) for metric in evaluation.metrics],
        curves=write_curves(folder, evaluation),
        raw={"scores": SCORES, "sha256": file_sha256(folder / SCORES)},
        seed=SeedRecord(root=0, repeat=0),
        provenance=ProvenanceRecord(
            inputs={"imported": comparison.source_sha256},
            code=code_version(),
            env=_environment(study),
        ),
        cost=CostRecord(wall_s={}),
        warnings=warnings,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


@contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    """Metrics know nothing of files; what is wrong with scores is said with the file's name."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _columns(listed: Listed) -> Mapping[str, NDArray[Any]]:
    """Labels become numbers: the names of a file's people stay in the file."""
    labels, codes = np.unique(np.concatenate([listed.first, listed.second]), return_inverse=True)
    del labels
    half = len(listed.first)
    columns = {
        "first": codes[:half].astype(np.int32),
        "second": codes[half:].astype(np.int32),
        "genuine": listed.genuine,
        "score": listed.score,
    }
    if listed.fold is not None:
        columns["fold"] = listed.fold.astype(np.int32)
    return columns


def _benchmark(registry: Registry, name: str) -> ComponentUse:
    provided = registry.find("benchmark", name)
    component = provided.component
    return ComponentUse(
        provider=provided.provider,
        name=component.name,
        version=component.version,
        params={},
        key=digest({"imported": provided.provider}),
        licence=component.licence,
        citation=component.citation,
    )


def _model(name: str, path: Path, sha: str) -> ComponentUse:
    return ComponentUse(
        provider=f"imported:{name}", name=name, version=0, params={"file": path.name}, key=sha
    )


def _environment(study: Path) -> str:
    facts = {"python": platform.python_version(), "system": platform.system(),
             "machine": platform.machine(), "device": "none", "packages": {}}  # fmt: skip
    return env_file.write(study, facts)
