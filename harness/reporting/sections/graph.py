"""The graph from a seed to a printed digit: two chains of steps that meet at the embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.reporting.sections.pictures import KEY
from harness.reporting.sections.training import RecordedPhase, phases, trained_on
from harness.reporting.tables.columns import support
from harness.results import numbers
from harness.results.operating_points import operating_point

if TYPE_CHECKING:
    from harness.results.schema import Result


@dataclass(frozen=True)
class GraphStep:
    """One step: what it is, what it made, the key of that, and where the page says more."""

    what: str
    said: str
    key: str = ""
    link: str = ""


@dataclass(frozen=True)
class Graph:
    """``train`` ends in a model and ``test`` in placed images; ``digit`` is made of both."""

    train: list[GraphStep]
    test: list[GraphStep]
    digit: list[GraphStep]


def graph(result: Result, protocol: str) -> Graph:
    """The steps behind a result; ``protocol`` is where the page says how it was measured."""
    return Graph(_train(result), _test(result, protocol), _digit(result, protocol))


def _train(result: Result) -> list[GraphStep]:
    cell, seed = result.cell, result.seed
    found = list(phases(result))
    if not found:
        return [
            GraphStep("model", f"{cell.model.name}, ready", cell.model.key, _use(cell.model.key))
        ]
    steps = [GraphStep("seed", f"{seed.root}, repeat {seed.repeat}", "", "#tab-environment")]
    if cell.generator is not None:
        faces = cell.generator
        size = faces.facts.get("faces", faces.facts.get("images"))
        images = f", {size:,} images" if isinstance(size, int) else ""
        steps.append(
            GraphStep("faces", faces.name + images, faces.key, f"#faces-{faces.key[:KEY]}")
        )
    steps += [_phase(phase, cell.model.name, len(found)) for phase in found]
    return steps


def _phase(phase: RecordedPhase, model: str, count: int) -> GraphStep:
    which = f"training, phase {phase.number}" if count > 1 else "training"
    said = model
    if count > 1 and trained_on(phase.facts):
        said = f"{model} on {trained_on(phase.facts)}"
    return GraphStep(which, said, phase.key, "#tab-training")


def _test(result: Result, protocol: str) -> list[GraphStep]:
    inputs, benchmark = result.provenance.inputs, result.cell.benchmark
    steps = [
        GraphStep("faces", role.partition(":")[2], key)
        for role, key in inputs.items()
        if role.startswith("faces:")
    ]
    steps.append(GraphStep("benchmark", benchmark.name, benchmark.key, _use(benchmark.key)))
    if "placements" in inputs:
        found = result.enrolment
        said = f"{found.images - found.failed:,} of {found.images:,} faces" if found else "faces"
        steps.append(GraphStep("placed", said, inputs["placements"], protocol))
    return steps


def _digit(result: Result, protocol: str) -> list[GraphStep]:
    inputs = result.provenance.inputs
    steps = [GraphStep("embeddings", "plain and mirrored", inputs.get("embeddings", ""), protocol)]
    counts = [f"{n:,} {name}" for name in ("genuine", "impostor")
              if isinstance(n := result.protocol.get(f"n_{name}"), int)]  # fmt: skip
    steps.append(GraphStep("scores", ", ".join(counts), result.raw.get("sha256", ""), protocol))
    chosen = [metric for metric in result.metrics if metric.headline] or result.metrics[:1]
    for metric in chosen:
        if metric.threshold is not None:
            steps.append(GraphStep("threshold", f"{metric.threshold:.6g}"))
        value = "n/a" if metric.value is None else f"{metric.value:.10g}"
        steps.append(GraphStep(metric.name, value))
        low, high = (metric.ci.low, metric.ci.high) if metric.ci else (None, None)
        count = support(metric.name, operating_point(metric.at), result.protocol)
        printed = numbers.measured(metric.value, low, high, metric.unit, count)
        steps.append(GraphStep("printed", printed))
    return steps


def _use(key: str) -> str:
    return f"#use-{key[:KEY]}"
