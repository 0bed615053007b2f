"""Which measure of a face set goes with the accuracy of what is trained on it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.digests import digest
from harness.engine.stages.measure import read_measurement
from harness.errors import DataError, NothingSelectedError, UsageError
from harness.measures.prediction import LEAST_SETS, Prediction, predict
from harness.plan.measuring import ROLES
from harness.results.schema import Result
from harness.results.study import load_study
from harness.seeds import stream
from harness.store import face_sets
from harness.store.artifacts import Artifact, Store

Columns = dict[str, dict[str, float]]
"""Name of a measure or score -> key of a face set -> value."""


@dataclass(frozen=True, eq=False)
class Scatter:
    """What one prediction is made of: S face sets by key, a score (S,) and every measure (S,)."""

    keys: Sequence[str]
    values: NDArray[np.float64]
    measures: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Predictions:
    """One :class:`Prediction` per model and benchmark metric, and what was left out, in words."""

    found: Sequence[Prediction]
    sets: Mapping[str, str]
    """Key of every face set that was used, with its title."""
    notes: Sequence[str]
    scatter: Mapping[str, Scatter] = field(default_factory=dict)
    """The points behind each prediction, by the name of its score."""


def predict_scores(
    store: Store, studies: Sequence[Path], *, seed: int = 0, replicates: int = 2000
) -> Predictions:
    """Relate all stored measures of the studies' face sets to their headline metrics.

    Scores are means over seeds. Raises NothingSelectedError where no face set of the studies was
    measured, and UsageError where fewer than eight sets have both.
    """
    notes: list[str] = []
    results = load_study(*studies).results
    scores, per_set = _scores(results, notes)
    used = sorted({key for column in scores.values() for key in column})
    measures = _measures(store, set(used))
    if not measures:
        raise NothingSelectedError(
            f"none of the {len(used):,} face sets of these studies was measured; run "
            "`harness faces measure KEY` for each of them"
        )
    sizes = {key: _size(store, key) for key in used}
    found, scatter = [], {}
    for name, column in scores.items():
        keys = [key for key in used if key in column and any(key in m for m in measures.values())]
        if len(keys) < LEAST_SETS:
            notes.append(f"{name}: {len(keys)} measured face sets; {LEAST_SETS} are needed")
            continue
        counts = [sizes[key] for key in keys]
        whole = {"images": [images for images, _ in counts],
                 "identities": [people for _, people in counts]}  # fmt: skip
        given = {
            f"log {what}": np.log(np.array(values, np.float64))
            for what, values in whole.items()
            if len(set(values)) > 1
        }
        table = {m: _column(values, keys) for m, values in measures.items()}
        values = np.array([column[key] for key in keys])
        scatter[name] = Scatter(keys, values, table)
        rng = stream(seed, "predict", name)
        found.append(predict(name, values, table, given, rng, replicates=replicates))
    if not found:
        raise UsageError("; ".join(notes))
    single = sum(count == 1 for count in per_set.values())
    if single:
        notes.append(f"{single:,} of {len(per_set):,} scores are of one training, not of several")
    labels = {g.key: g.label or g.name for r in results if (g := r.cell.generator) is not None}
    titles = {
        key: f"{labels[key]}: {sizes[key][1]:,} identities, {sizes[key][0]:,} images"
        for key in used
    }
    return Predictions(found, titles, notes, scatter)


def _scores(
    results: Sequence[Result], notes: list[str]
) -> tuple[Columns, dict[tuple[str, str], int]]:
    seen: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    left = 0
    for result in results:
        if (
            result.cell.generator is None
            or result.limited is not None
            or result.integrity == "altered"
        ):
            left += 1
            continue
        model = result.cell.model
        trained = f"{model.label or model.name} {digest(model.params)[:6]}"
        aligner = result.cell.aligner.params if result.cell.aligner else None
        tested = digest([result.cell.benchmark.params, aligner, result.protocol.get("align")])[:6]
        named = result.cell.benchmark.label or result.cell.benchmark.name
        bench = f"{named} {result.comparison} {tested}"
        for metric in result.metrics:
            if metric.headline and metric.value is not None:
                at = "".join(f"@{key}={value}" for key, value in metric.at.items())
                name = f"{bench} {metric.name}{at}, {trained}"
                seen[name][result.cell.generator.key].append(metric.value)
    if left:
        notes.append(f"{left:,} results are limited, altered or of no face set, and left out")
    counts = {(n, key): len(v) for n, column in seen.items() for key, v in column.items()}
    return {n: {k: float(np.mean(v)) for k, v in c.items()} for n, c in seen.items()}, counts


def _measures(store: Store, used: set[str]) -> Columns:
    """Every stored value of the sets, by measure, metric, parameters and network."""
    found: Columns = defaultdict(dict)
    for item in store.of_kind("measures"):
        parts = item.manifest["parts"]
        key = parts["inputs"].get("set")
        if key not in used:
            continue
        for metric, value in _values(item):
            found[f"{metric} ({_conditions(parts)})"][key] = value
    return {name: dict(found[name]) for name in sorted(found)}


def _values(item: Artifact) -> Iterator[tuple[str, float]]:
    name = item.manifest["parts"]["component"]["provider"].partition(":")[2]
    for value in read_measurement(item.folder).values:
        if value.value is not None:
            yield f"{name} {value.metric}", value.value


def _conditions(parts: Mapping[str, object]) -> str:
    """A name of all but the set that a value depends on: sets that share it compare."""
    inputs = parts["inputs"]
    assert isinstance(inputs, Mapping), "of a manifest"
    # Embeddings of a set follow from the set and the model.
    others = {role: inputs[role] for role in ROLES if role in inputs}
    model = parts.get("model")
    words = model["provider"].partition(":")[2] if isinstance(model, Mapping) else "no model"
    whole = [parts["component"], model, others, parts.get("seed"), parts.get("taken")]
    return f"{words}, {digest(json.loads(json.dumps(whole)))[:6]}"


def _column(values: Mapping[str, float], keys: Sequence[str]) -> NDArray[np.float64]:
    return np.array([values.get(key, np.nan) for key in keys])


def _size(store: Store, key: str) -> tuple[int, int]:
    """Images and identities of a stored set."""
    facts = face_sets.find(store, key).facts
    try:
        return int(facts["faces"]), int(facts["identities"])
    except (KeyError, TypeError, ValueError):
        raise DataError(f"face set {key[:12]} does not say how many faces it has") from None
