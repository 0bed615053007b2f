"""Measuring face sets: embed each once, run the measures, keep what they found in the store."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from harness.components import FacePair, Images, Measure, MeasuredValue, Measurement, MetricInfo
from harness.digests import digest
from harness.engine.opener import ComponentOpener, create
from harness.faces.views import Subset
from harness.fileio.atomic import write_text
from harness.fileio.verified import checked, unreadable
from harness.plan.nodes import ResolvedComponent
from harness.tools.sets.embed_set import SetEmbedder, chosen_images
from harness.tools.sets.labelled_set import LabelledSet

RESULT = "measurement.json"
ROLES = ("against", "seen", "control")
_REFERENCE = "this is the reference set"
_NO_MODEL = "it needs embeddings; give --model"


@dataclass(frozen=True)
class MeasureResult:
    """What one measure found in one set, or why it was skipped."""

    name: str
    title: str
    metrics: Mapping[str, MetricInfo]
    found: Measurement | None
    skipped: str = ""

    def info(self, metric: str) -> MetricInfo:
        """What a metric says; a part after ``@`` names a threshold."""
        return self.metrics.get(metric.partition("@")[0], MetricInfo(""))


@dataclass(frozen=True)
class SetMeasured:
    """All measures of one set, under one network (empty without one)."""

    faces: LabelledSet
    model: str
    results: Sequence[MeasureResult]
    images: int
    identities: int
    pictures: Mapping[str, Images]
    """Images that pairs point into: of the set itself (empty name) and of the others by role."""


@dataclass(frozen=True, eq=False)
class OpenSet:
    """A set at work; implements :class:`harness.components.MeasuredSet`."""

    key: str
    images: Subset
    subjects: NDArray[np.int64]
    identities: Mapping[int, str]
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))
    against: OpenSet | None = None
    seen: OpenSet | None = None
    control: OpenSet | None = None


@dataclass(frozen=True)
class Measurer:
    """Measures sets with one network; each step is found in the store where it was done before."""

    opener: ComponentOpener
    embedder: SetEmbedder | None
    measures: Sequence[ResolvedComponent]
    seed: int = 0
    per_identity: int | None = None

    def measure(
        self, faces: LabelledSet, others: Mapping[str, LabelledSet], *, reference: bool = False
    ) -> SetMeasured:
        """Run every measure on ``faces``; ``others`` are given by their roles.

        A ``reference`` is what another set is measured against, so it has none of its own.
        """
        opened = {role: self._open(other) for role, other in others.items()}
        main = self._open(faces)
        whole = OpenSet(
            main.key, main.images, main.subjects, main.identities, main.vectors, **opened
        )
        results = [self._one(chosen, faces, whole) for chosen in self.measures]
        if reference:
            results = [replace(r, skipped=_REFERENCE if r.found is None else "") for r in results]
            faces = replace(faces, title=f"{faces.title} (reference)")
        model = self.embedder.model.shown if self.embedder else ""
        people = len(np.unique(main.subjects))
        pictures = {"": main.images} | {role: other.images for role, other in opened.items()}
        return SetMeasured(faces, model, results, len(main.images), people, pictures)

    def _open(self, faces: LabelledSet) -> OpenSet:
        if self.embedder is not None:
            found = self.embedder.embed(faces, self.per_identity)
            images, key, vectors = found.images, found.key, found.vectors
        else:
            images, vectors = chosen_images(faces, self.per_identity), None
            key = digest({"faces": faces.key, "per_identity": self.per_identity})
        assert images.subjects is not None, "chosen_images asks for them"
        # Measures draw by position, so the order in which a folder was read must not count.
        of, named = images.subjects, images.names
        order = np.array(sorted(range(len(images)), key=lambda row: (int(of[row]), named[row])))
        subjects = images.subjects[order]
        names = {int(k): faces.identities.get(int(k), str(k)) for k in np.unique(subjects)}
        chosen = Subset(images, order)
        if vectors is None:
            return OpenSet(key, chosen, subjects, names)
        return OpenSet(key, chosen, subjects, names, np.asarray(vectors)[order])

    def _taken(self, faces: OpenSet) -> list[Any]:
        """What of a set was measured, and how its faces were found."""
        finder = self.embedder.aligner if self.embedder else None
        return [self.per_identity, faces.images.template, finder.identity() if finder else None]

    def _one(
        self, chosen: ResolvedComponent, labelled: LabelledSet, faces: OpenSet
    ) -> MeasureResult:
        measure: Measure = create(chosen, Measure)
        missing = _missing(measure, faces, self.embedder is not None)
        if missing:
            return MeasureResult(chosen.name, chosen.shown, measure.metrics, None, missing)
        roles = {role: getattr(faces, role) for role in ROLES}
        parts = {
            "stage": "measure",
            "component": chosen.identity(),
            "model": self.embedder.model.identity() if self.embedder else None,
            "inputs": {"set": labelled.key, "faces": faces.key}
            | {role: other.key for role, other in roles.items() if other is not None},
            "seed": self.seed,
            "taken": self._taken(faces),
        }

        def make(folder: Path) -> dict[str, Any]:
            self.opener.progress.stage(f"   {chosen.name}  {labelled.title}")
            measure.prepare(self.opener.context(chosen, seed=self.seed))
            found = finite(measure.measure(faces))
            write_text(folder / RESULT, json.dumps(asdict(found), indent=1, allow_nan=False) + "\n")
            self.opener.progress.close()
            return {"values": len(found.values)}

        stored = self.opener.store.build("measures", digest(parts), parts, make)
        return MeasureResult(
            chosen.name, chosen.shown, measure.metrics, read_measurement(stored.folder)
        )


def _missing(measure: Measure, faces: OpenSet, embeds: bool) -> str:
    """Why a measure cannot be made of these sets; empty where it can."""
    if "embeddings" in measure.needs and not embeds:
        return _NO_MODEL
    for role in ("against", "seen"):
        if role in measure.needs and getattr(faces, role) is None:
            return f"it needs another set; give --{role}"
    return ""


def finite(found: Measurement) -> Measurement:
    """A value or an end of an interval that is not finite becomes a missing one."""

    def checked_value(value: MeasuredValue) -> MeasuredValue:
        if value.value is not None and not math.isfinite(value.value):
            return MeasuredValue(value.metric, None, n=value.n, why="the value is not finite")
        if not all(math.isfinite(end) for end in (value.low, value.high) if end is not None):
            return replace(value, low=None, high=None)
        return value

    return replace(found, values=[checked_value(value) for value in found.values])


def read_measurement(folder: Path) -> Measurement:
    """What :meth:`Measurer.measure` kept; DataError naming the file that cannot be read."""
    path = folder / RESULT
    try:
        return TypeAdapter(Measurement).validate_json(checked(path).read_bytes())
    except (OSError, ValidationError) as error:
        raise unreadable(path, error) from None


def rows(measured: SetMeasured) -> list[dict[str, Any]]:
    """One row per value, then one per pair of a measure: plain JSON values."""
    found: list[dict[str, Any]] = []
    for result in measured.results:
        base = {
            "set": measured.faces.title,
            "measure": result.name,
            "model": measured.model or None,
        }
        if result.found is None:
            found.append({**base, "metric": None, "value": None, "why": result.skipped})
            continue
        found.extend({**base, **_value_row(value)} for value in result.found.values)
        found.extend({**base, "metric": "note", "text": note} for note in result.found.notes)
        found.extend({**base, "metric": "pair", **_pair_row(pair)} for pair in result.found.pairs)
    return found


def _value_row(value: MeasuredValue) -> dict[str, Any]:
    row = asdict(value)
    if not row["why"]:
        del row["why"]
    return row


def _pair_row(pair: FacePair) -> dict[str, Any]:
    return {
        "value": pair.score,
        "first": pair.first,
        "second": pair.second,
        "other": pair.other or None,
    }


@dataclass(frozen=True)
class MetricRow:
    """One metric of one measure, over several sets; ``first`` of its measure."""

    measure: str
    title: str
    metric: str
    info: MetricInfo
    values: Sequence[MeasuredValue]
    first: bool


def side_by_side(sets: Sequence[SetMeasured]) -> list[MetricRow]:
    """Every metric of any of the sets, in the order of the first that has it."""
    found = []
    for k, result in enumerate(sets[0].results):
        others = [item.results[k] for item in sets]
        columns = [
            {v.metric: v for v in other.found.values} if other.found else {} for other in others
        ]
        names = dict.fromkeys(name for column in columns for name in column)
        for metric in names or ("",):
            values = [
                column.get(metric, MeasuredValue(metric, None, why=other.skipped or "not measured"))
                for column, other in zip(columns, others, strict=True)
            ]
            first = metric == next(iter(names), "")
            found.append(
                MetricRow(result.name, result.title, metric, result.info(metric), values, first)
            )
    return found
