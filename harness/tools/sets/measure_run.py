"""Measuring face sets: a plan of their measures is run, and what was found is read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from harness.components import FacePair, Images, MeasuredValue, Measurement, MetricInfo
from harness.engine.event_log import Events
from harness.engine.job import Job
from harness.engine.runner import Runner, StageFailure
from harness.engine.session import Session
from harness.engine.sets.labelled_set import LabelledSet, open_labelled
from harness.engine.stages.measure import OpenSet, found_by, open_set
from harness.errors import HarnessError, is_out_of_memory
from harness.plan.measuring import SET, add_measure, lacking, measure_class
from harness.plan.nodes import ImageSource, Node, Plan, ResolvedComponent
from harness.plan.planner import Planner
from harness.progress import Progress
from harness.recipe.run_options import RunOptions
from harness.store.artifacts import Store

_REFERENCE = "this is the reference set"


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
    failures: Sequence[StageFailure] = ()
    reference: bool = False
    people: Mapping[str, int] = field(default_factory=dict)
    """Images that were measured of each identity, by its name."""


@dataclass(frozen=True)
class Measurer:
    """Measures sets with one network; each step is found in the store where it was done before."""

    planner: Planner
    measures: Sequence[ResolvedComponent]
    model: ResolvedComponent | None = None
    aligner: ResolvedComponent | None = None
    progress: Progress | None = None
    plugin_files: tuple[Path, ...] = ()

    def measure(
        self,
        faces: ImageSource,
        others: Mapping[str, ImageSource],
        *,
        reference: bool = False,
    ) -> SetMeasured:
        """Run every measure on ``faces``; ``others`` are given by their roles.

        A ``reference`` is what another set is measured against, so it has none of its own. A
        measure whose stages fail is not measurable, and the others are made.
        """
        sets = {SET: faces, **others}
        plan, keys = self._plan(sets)
        store = self.planner.store
        failures = self._made(plan, store)
        results = [
            _result(store, chosen, sets, keys.get(number), failures, plan, self.model is not None)
            for number, chosen in enumerate(self.measures)
        ]
        if reference:
            results = [r if r.found else replace(r, skipped=_REFERENCE) for r in results]
        opened = {role: open_set(store, source, None) for role, source in sets.items()}
        labelled = open_labelled(store, faces)
        main: OpenSet = opened[SET]
        pictures = {"" if role == SET else role: found.images for role, found in opened.items()}
        if reference:
            labelled = replace(labelled, title=f"{labelled.title} (reference)")
        model = self.model.shown if self.model else ""
        people = _measured_people(
            store, faces, [plan.nodes[key] for key in keys.values()], failures
        )
        return SetMeasured(labelled, model, results, len(main.images), main.people, pictures,
                           tuple(failures.values()), reference, people)  # fmt: skip

    def _plan(self, sets: Mapping[str, ImageSource]) -> tuple[Plan, dict[int, str]]:
        """The plan of all measures that these sets allow, and the key of each by its number."""
        planner, keys = self.planner, {}
        for number, chosen in enumerate(self.measures):
            if not lacking(chosen, sets, embeds=self.model is not None):
                keys[number] = add_measure(planner, chosen, sets, self.model, self.aligner, None)
        return planner.planned(), keys

    def _made(self, plan: Plan, store: Store) -> dict[str, StageFailure]:
        """Run the plan; what failed, by key. Raises what ends a command: no memory, no disk."""
        with TemporaryDirectory() as folder:
            options = RunOptions(study=folder, plugins_dirs=self.plugin_files)
            session = Session.open(Job.of(plan, store, options), self.progress)
            found = Runner(session, Events(Path(folder))).run().failures
        for failure in found:
            if is_out_of_memory(failure.error) or isinstance(failure.error, OSError):
                raise failure.error
            if isinstance(failure.error, HarnessError) and failure.error.exit_code in (2, 3):
                raise failure.error  # a missing package or weights: no other measure has them
        return {failure.key: failure for failure in found}


def _result(
    store: Store,
    chosen: ResolvedComponent,
    sets: Mapping[str, ImageSource],
    key: str | None,
    failures: Mapping[str, StageFailure],
    plan: Plan,
    embeds: bool,
) -> MeasureResult:
    metrics = measure_class(chosen).metrics
    if key is None:
        why = lacking(chosen, sets, embeds=embeds)
        return MeasureResult(chosen.name, chosen.shown, metrics, None, why)
    failed = _failure_of(plan, key, failures)
    if failed is not None:
        why = f"not measurable, because {failed.message}"
        return MeasureResult(chosen.name, chosen.shown, metrics, None, why)
    return MeasureResult(chosen.name, chosen.shown, metrics, found_by(store, plan.nodes[key]))


def _measured_people(
    store: Store, faces: ImageSource, nodes: Iterable[Node], failures: Mapping[str, StageFailure]
) -> dict[str, int]:
    """Images of every identity, by its name: those with an embedding, where there are any."""
    keys = [key for node in nodes if (key := node.inputs.get("embeddings")) and node.key not in
            failures and store.find("embeddings", key)]  # fmt: skip
    found = open_set(store, faces, keys[0] if keys else None)
    usable = np.isfinite(found.vectors).all(axis=1) if keys else slice(None)
    labels, counts = np.unique(found.subjects[usable], return_counts=True)
    return {found.identities[int(k)]: int(n) for k, n in zip(labels, counts, strict=True)}


def _failure_of(plan: Plan, key: str, failures: Mapping[str, StageFailure]) -> StageFailure | None:
    """The failure of a node, or of the first that it is made from."""
    if key in failures:
        return failures[key]
    node = plan.nodes.get(key)
    found = (_failure_of(plan, other, failures) for other in (node.inputs.values() if node else ()))
    return next(filter(None, found), None)


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
    del row["replicates"]
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
