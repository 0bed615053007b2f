"""From seed to printed digit: every step behind the numbers of one finished cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harness.digests import file_sha256
from harness.plan.nodes import KIND_OF_STAGE
from harness.reporting.compare.environments import environment
from harness.reporting.tables.columns import support
from harness.results import numbers
from harness.results.operating_points import operating_point
from harness.results.plan_file import NodeRecord, read_plan

if TYPE_CHECKING:
    from harness.results.schema import MetricRecord, Result
    from harness.results.study import Cell
    from harness.store.artifacts import Store

SHORT = 12
COUNTS = ("identities", "faces", "images", "missing", "failed", "steps", "final_loss", "limited")
SEED, BENCHMARK, SCORES, RESULT = "seed", "benchmark", "scores", "result"


@dataclass(frozen=True)
class TraceStep:
    """One step: ``inputs`` are ids of earlier ones by role, ``key`` a content key or digest.

    ``state`` is ``there``, ``gone`` (discarded since; the same command makes it again),
    ``changed`` (the file is not the one that was scored), ``altered`` (the result does not fit its
    digest) or empty where nothing is stored.
    """

    id: str
    what: str
    name: str
    key: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    state: str = ""

    @property
    def line(self) -> str:
        """The step in one line of text."""
        told = [f"{key} {_short(value)}" for key, value in self.facts.items() if key in COUNTS]
        state = f"  [{self.state}]" if self.state in ("gone", "changed", "altered") else ""
        made_of = f"  <- {', '.join(self.inputs)}" if self.inputs else ""
        parts = (f"{self.what:<10}", self.name, self.key[:SHORT], ", ".join(told))
        return f"{'  '.join(filter(None, parts))}{made_of}{state}"


def _short(value: Any) -> str:
    """A fact for people; JSON keeps every digit."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def trace(cell: Cell, store: Store) -> list[TraceStep]:
    """Steps in an order in which inputs come first, the printed digits last.

    Stages are those of the plan that the study keeps; one that no plan tells of is named by its
    role alone.
    """
    result = cell.result
    seed = TraceStep(SEED, SEED, str(result.seed.root), facts={"repeat": result.seed.repeat})
    stages = [_stage(node, store) for node in _nodes(cell, result.provenance.inputs.values())]
    told = {step.id for step in stages}
    for role, key in result.provenance.inputs.items():
        if key not in told:
            stages.append(TraceStep(key, role.partition(".")[0], "no plan tells of it", key))
            told.add(key)
    use = result.cell.benchmark
    rules: dict[str, Any] = {
        key: result.protocol[key] for key in ("id", "pairs_sha256") if key in result.protocol
    }
    benchmark = TraceStep(BENCHMARK, BENCHMARK, use.name, use.key, facts=rules)
    record = TraceStep(RESULT, RESULT, result.integrity, result.digest, state=_integrity(result))
    steps = [seed, *stages, benchmark, record, _scores(cell)]
    for position, metric in enumerate(result.metrics):
        if metric.headline:
            steps += _digits(result, metric, position)
    return steps


def _nodes(cell: Cell, keys: Iterable[str]) -> list[NodeRecord]:
    """The nodes of the study's plans that these keys are made of, inputs first."""
    known: dict[str, NodeRecord] = {}
    for path in sorted(cell.folder.parent.parent.glob("plan*.json")):
        with suppress(OSError, ValueError):  # a damaged plan tells of no stage
            for node in read_plan(path).nodes:
                known.setdefault(node.key, node)
    ordered: dict[str, NodeRecord] = {}
    entered: set[str] = set()
    waiting = list(keys)[::-1]
    while waiting:  # without recursion: a plan of others may be as deep as it likes
        key = waiting[-1]
        sources = list(known[key].inputs.values()) if key in known else []
        if key in entered:
            waiting.pop()
            if key in known:
                ordered.setdefault(key, known[key])
        else:
            entered.add(key)
            waiting += [source for source in sources[::-1] if source not in entered]
    return list(ordered.values())


def _stage(node: NodeRecord, store: Store) -> TraceStep:
    found = store.find(KIND_OF_STAGE[node.stage], node.key)
    seeded = node.parts.get("seed") is not None
    inputs = ({SEED: SEED} if seeded else {}) | dict(node.inputs)
    facts = {"seed": node.parts["seed"]} if seeded else {}
    facts |= {} if found is None else dict(found.facts)
    state = "gone" if found is None else "there"
    return TraceStep(node.key, node.stage, node.label, node.key, inputs, facts, state)


def _scores(cell: Cell) -> TraceStep:
    result = cell.result
    path = cell.file(result.raw.get(SCORES, ""))
    digest = result.raw.get("sha256", "")
    state = "gone" if path is None else "there" if file_sha256(path) == digest else "changed"
    inputs = {BENCHMARK: BENCHMARK}
    if "embeddings" in result.provenance.inputs:
        inputs["embeddings"] = result.provenance.inputs["embeddings"]
    return TraceStep(SCORES, SCORES, result.raw.get(SCORES, ""), digest, inputs, {}, state)


def _integrity(result: Result) -> str:
    """``altered`` where the content does not fit the digest."""
    return "altered" if result.integrity == "altered" else ""


def _digits(result: Result, metric: MetricRecord, position: int) -> list[TraceStep]:
    """Threshold, metric and the digits that tables print of it."""
    at = operating_point(metric.at)
    name = f"{metric.name} at {at}" if at else metric.name
    steps = []
    inputs = {SCORES: SCORES}
    if metric.threshold is not None:
        steps.append(
            TraceStep(
                f"threshold-{position}",
                "threshold",
                f"{metric.threshold:.6g}",
                inputs=dict(inputs),
                facts={"realised_far": metric.realised_far},
            )
        )
        inputs["threshold"] = steps[0].id
    said = numbers.MISSING if metric.value is None else repr(metric.value)
    about = metric.model_dump(mode="json", include={"name", "at", "value", "unit", "ci", "note"})
    steps.append(TraceStep(f"metric-{position}", "metric", f"{name} = {said}", "", inputs, about))
    facts: dict[str, Any] = {
        "comparisons": support(metric.name, at, result.protocol),
        "published": [
            entry.ref
            for entry in result.published
            if entry.metric == metric.name and entry.at.items() <= metric.at.items()
        ],
    }
    if result.limited is not None:  # to N identities and pairs
        facts["limited"] = result.limited
    printed = _printed(result, metric, at)
    return [
        *steps,
        TraceStep(f"digits-{position}", "digits", printed, "", {"metric": steps[-1].id}, facts),
    ]


def _printed(result: Result, metric: MetricRecord, at: str) -> str:
    """What tables print of one result; several seeds are pooled there."""
    low, high = (metric.ci.low, metric.ci.high) if metric.ci else (None, None)
    count = support(metric.name, at, result.protocol)
    return numbers.measured(metric.value, low, high, metric.unit, count)


def environment_lines(cell: Cell) -> list[str]:
    """The environment in which the number was made, a line for each machine that took part."""
    env = environment(cell)
    if env is None:
        return []
    lines = [f"{'environment':<12}  {_machine(env)}"]
    for role, other in dict(env.get("made_on") or {}).items():
        said = _machine(other) if isinstance(other, Mapping) else str(other)
        lines.append(f"{role + ' made on':<12}  {said}")
    return lines


def _machine(facts: Mapping[str, Any]) -> str:
    kernels = facts.get("kernels") or {}
    threads = facts.get("threads")
    parts = [
        str(facts.get("processor", "processor not recorded")),
        *(f"{library} {kernel}" for library, kernel in kernels.items()),
        "" if threads is None else f"{threads} threads",
        "portable" if facts.get("portable") else "",
    ]
    return ", ".join(filter(None, parts))


def record(cell: Cell, steps: Iterable[TraceStep]) -> dict[str, Any]:
    """The trace as JSON values: the result's id, and nodes with their inputs."""
    result = cell.result
    return {
        "schema": "harness/trace@1",
        "result": result.id,
        "created": result.created,
        "code": dict(result.provenance.code),
        "environment": result.provenance.env,
        "machine": environment(cell),
        "steps": [asdict(step) for step in steps],
    }
