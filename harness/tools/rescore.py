"""New metrics from what a study keeps: its scores, and its embeddings where a rule needs them.

No model, generator or image is opened. A changed result is beside the old one under the key
that a run with those settings would give it; nothing is overwritten.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from harness._plugins.registry import Registry
from harness.components import BenchmarkParams
from harness.did_you_mean import did_you_mean
from harness.digests import digest, file_sha256
from harness.engine.plugin_metrics import measure
from harness.engine.stages.cell_record import code_version, metric_records
from harness.errors import DataError, UsageError
from harness.fileio.names import WRITTEN, file_name, inside, require_no_links
from harness.lifecycle import Scored
from harness.protocols.base import Evaluation, Scores
from harness.protocols.stored import CHOICES, needs_embeddings, rebuild
from harness.recipe import parameters
from harness.results.cells import (
    SCORES,
    finished,
    stored_embeddings,
    stored_scores,
    write_curves,
    write_extra,
    write_result,
)
from harness.results.columns import read_columns, write_columns
from harness.results.plan_file import read_plan
from harness.results.schema import MetricRecord, Result
from harness.store.artifacts import Store
from harness.store.fingerprints import SCHEMA

State = Literal["unchanged", "written", "there"]
Assignments = Iterable[tuple[str, Any]]


@dataclass(frozen=True)
class Rescored:
    """What became of one cell: ``there`` where the same settings were scored before."""

    old: Result
    new: Result
    folder: Path
    state: State
    notes: tuple[str, ...] = ()


def headline(result: Result) -> MetricRecord:
    """The number of the table: the one marked so, else the first."""
    return next((m for m in result.metrics if m.headline), result.metrics[0])


def changes_of(
    registry: Registry, benchmarks: Iterable[str], assignments: Assignments
) -> dict[str, dict[str, Any]]:
    """Which rules change for which benchmark; ``NAME.KEY`` names one, a bare key all that have it.

    Raises UsageError for a key that no selected benchmark has, or that is not a rule of scoring.
    """
    names = sorted(set(benchmarks))
    found: dict[str, dict[str, Any]] = {name: {} for name in names}
    for key, value in assignments:
        owner, dot, inner = key.partition(".")
        takers, plain = ([owner], inner) if dot and owner in names else (names, key)
        classes = {name: _params_class(registry, name) for name in takers}
        having = [name for name, cls in classes.items() if plain in cls.model_fields]
        if not having:
            known = sorted({field for cls in classes.values() for field in cls.scoring})
            raise UsageError(f"no benchmark of the study has {plain!r}{did_you_mean(plain, known)}")
        for name in having:
            wanted = parameters.typed(classes[name], plain, value)
            if plain not in classes[name].scoring:
                raise UsageError(
                    f"{plain} of {name} decides what is embedded, so a new score is not enough; "
                    f"run the study again with -B {plain}={value}"
                )
            if plain in CHOICES and wanted not in CHOICES[plain]:
                choices = ", ".join(str(choice) for choice in CHOICES[plain])
                raise UsageError(f"{plain}={value} of {name} is none of {choices}")
            found[name][plain] = wanted
    return found


def rescore(
    folder: Path,
    old: Result,
    *,
    study: Path,
    store: Store,
    registry: Registry,
    changes: Mapping[str, Any],
) -> Rescored:
    """Score the cell in ``folder`` again, with ``changes`` to its rules, into ``study``.

    Raises DataError where the stored scores are damaged, PrerequisiteError where embeddings are
    needed that are no longer in the store, UsageError for rules that cannot be followed.
    """
    identity, params = _identity(old, study, store, registry, changes)
    scores = stored_scores(folder, old)
    points = points_of(old)
    before = rebuild(old.protocol, points, scores, {})
    after = rebuild(old.protocol, points, scores, changes)
    if needs_embeddings(after, old.protocol):
        made = after.score(stored_embeddings(old, store))
        scores = Scores({**scores.columns, **made.columns}, scores.extra)
    evaluation = after.evaluate(scores, old.seed.root)
    protocol = changed_protocol(old.protocol, before.protocol(), after.protocol())
    scored = Scored(
        benchmark=old.cell.benchmark.name,
        comparison=old.comparison,
        protocol=protocol,
        scores=scores,
        metrics=tuple(evaluation.metrics),
        seed=old.seed.root,
    )
    extra = measure(registry, scored)
    metrics = metric_records(evaluation, extra)
    notes = (*_left_out(old, metrics), *extra.warnings)
    if protocol == old.protocol and _known(old, metrics) == metrics:
        return Rescored(old, old, folder, "unchanged", notes)
    update: dict[str, Any] = {
        "id": _key(old, identity, metrics),
        "protocol": protocol,
        "metrics": metrics,
        "warnings": list(dict.fromkeys([*old.warnings, *evaluation.warnings, *notes])),
        "published": old.published if protocol == old.protocol else [],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    new = old.model_copy(update=update | _origin(old, identity, params, extra.versions))
    return _write(folder, new, scores, evaluation, Rescored(old, new, study, "written", notes))


def changed_protocol(
    stored: Mapping[str, Any], was: Mapping[str, Any], now: Mapping[str, Any]
) -> dict[str, Any]:
    """The stored protocol with what differs between two rebuilt ones.

    A rule at its usual value has no field, so a field that is gone from ``now`` goes.
    """
    kept = {key: value for key, value in stored.items() if key in now or key not in was}
    return {**kept, **{key: value for key, value in now.items() if was.get(key) != value}}


def points_of(result: Result) -> list[tuple[str, Mapping[str, float | str], bool]]:
    """Name, operating point and headline mark of every number."""
    return [(m.name, m.at, m.headline) for m in result.metrics]


def _left_out(old: Result, metrics: list[MetricRecord]) -> tuple[str, ...]:
    """Numbers of the old result whose inputs are not in its scores."""
    have = {(m.name, *sorted(m.at)) for m in metrics}
    own = {(m.name, *sorted(m.at)) for m in old.metrics if not m.provider} - have
    theirs = {(m.name, m.provider) for m in old.metrics
              if m.provider and (m.name, *sorted(m.at)) not in have}  # fmt: skip
    return (
        *(
            f"{name} by {', '.join(at)} was left out: the stored scores do not hold {', '.join(at)}"
            for name, *at in sorted(own)
        ),
        *(f"{name} was left out: plugin {who} did not give it" for name, who in sorted(theirs)),
    )


def _known(old: Result, metrics: list[MetricRecord]) -> list[MetricRecord]:
    have = {(m.name, *sorted(m.at)) for m in metrics}
    return [m for m in old.metrics if (m.name, *sorted(m.at)) in have]


# -- keys --------------------------------------------------------------------------------------


def _params_class(registry: Registry, name: str) -> type[BenchmarkParams]:
    cls = parameters.params_class(registry.find("benchmark", name))
    if not issubclass(cls, BenchmarkParams):
        raise UsageError(f"benchmark {name} has no rules of scoring that could change")
    return cls


def _identity(
    old: Result, study: Path, store: Store, registry: Registry, changes: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """What of the changed benchmark enters a key, and its parameters as a result shows them."""
    if not changes:
        return None, old.cell.benchmark.params
    provided = registry.find("benchmark", old.cell.benchmark.provider)
    params = parameters.build(provided, {**old.cell.benchmark.params, **changes})
    typed: dict[str, Any] = params.model_dump(mode="json")
    shown = old.cell.benchmark.params | {key: typed[key] for key in changes}
    images = _image_identity(old, study, store)
    if images is None:
        return None, shown
    cls = _params_class(registry, old.cell.benchmark.provider)
    values = images["params"] | {key: typed[key] for key in cls.scoring}
    return {**images, "params": parameters.keyed(cls, values)}, shown


def _image_identity(old: Result, study: Path, store: Store) -> dict[str, Any] | None:
    """The benchmark without its rules of scoring, as the embeddings' key holds it."""
    key = old.provenance.inputs.get("embeddings", "")
    stored = store.find("embeddings", key) if key else None
    if stored is not None:
        return dict(stored.manifest["parts"]["images"])
    for path in sorted(study.glob("plan*.json")):
        try:
            found = next((n for n in read_plan(path).nodes if n.key == key), None)
        except (OSError, ValueError) as error:
            raise DataError(f"{path} is not a readable plan: {error}") from None
        if found is not None and isinstance(found.parts.get("images"), dict):
            return dict(found.parts["images"])
    return None


def _key(old: Result, identity: dict[str, Any] | None, metrics: list[MetricRecord]) -> str:
    """The key a run with these settings would use; of its own where only the code has changed."""
    if identity is None:
        shown = [metric.model_dump(mode="json") for metric in metrics]
        return digest({"rescored": old.id, "metrics": shown, **code_version()})
    return digest({
        "benchmark": identity, "comparison": old.comparison,
        "embeddings": old.provenance.inputs["embeddings"], "limit": old.limited,
        "seed": old.seed.root, "repeat": old.seed.repeat, "schema": SCHEMA,
    })  # fmt: skip


def _origin(
    old: Result,
    identity: dict[str, Any] | None,
    params: dict[str, Any],
    measuring: Mapping[str, str],
) -> dict[str, Any]:
    key = old.cell.benchmark.key if identity is None else digest(identity)
    use = old.cell.benchmark.model_copy(update={"params": params, "key": key})
    inputs = {**old.provenance.inputs, "rescored": old.id}
    plugins = {**old.provenance.code.get("plugins", {}), **measuring}
    code = {**code_version(), **({"plugins": plugins} if plugins else {})}
    return {
        "cell": old.cell.model_copy(update={"benchmark": use}),
        "provenance": old.provenance.model_copy(update={"inputs": inputs, "code": code}),
        "cost": old.cost.model_copy(update={"wall_s": {}}),
    }


# -- writing -----------------------------------------------------------------------------------


def _write(
    source: Path, new: Result, scores: Scores, evaluation: Evaluation, done: Rescored
) -> Rescored:
    use = new.cell
    generator = use.generator.name if use.generator else "ready"
    name = f"{new.id[:12]}-{generator}-{use.model.name}-{use.benchmark.name}-r{new.seed.repeat}"
    folder = done.folder / "cells" / file_name(name)
    require_no_links(done.folder, *WRITTEN)
    there = finished(folder)
    if there is not None:
        return Rescored(done.old, there, folder, "there", done.notes)
    folder.mkdir(parents=True, exist_ok=True)
    raw = _copy_scores(source, folder, done.old, scores)
    written = new.model_copy(update={"raw": raw, "curves": write_curves(folder, evaluation)})
    written = write_result(folder, written)
    return Rescored(done.old, written, folder, "written", done.notes)


def _copy_scores(source: Path, folder: Path, old: Result, scores: Scores) -> dict[str, str]:
    """Equal scores are one file under two names; others are written."""
    stored = inside(source, old.raw["scores"])
    before = read_columns(stored)
    if before.keys() == scores.columns.keys() and all(
        before[name] is scores.columns[name] or (before[name] == scores.columns[name]).all()
        for name in before
    ):
        (folder / SCORES).unlink(missing_ok=True)  # a killed attempt's
        try:
            os.link(stored, folder / SCORES)
        except OSError:  # another file system, or one without links
            shutil.copyfile(stored, folder / SCORES)
    else:
        write_columns(folder / SCORES, scores.columns)
    extra = write_extra(folder, scores)
    return {"scores": SCORES, "sha256": file_sha256(folder / SCORES), **extra}
