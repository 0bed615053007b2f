"""The graph from a seed to a printed digit: two lanes of steps that meet at the embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.reporting.sections.pictures import KEY
from harness.reporting.sections.training import Phase, phases, trained_on
from harness.reporting.tables.columns import support
from harness.results import numbers
from harness.results.operating_points import operating_point

if TYPE_CHECKING:
    from harness.results.schema import Result


@dataclass(frozen=True)
class Step:
    """One step: what it is, what it made, the key of that, and where the page says more."""

    what: str
    said: str
    key: str = ""
    link: str = ""


@dataclass(frozen=True)
class Graph:
    """``train`` ends in a model and ``test`` in placed images; ``digit`` is made of both."""

    train: list[Step]
    test: list[Step]
    digit: list[Step]


def graph(result: Result, protocol: str) -> Graph:
    """The steps behind a result; ``protocol`` is where the page says how it was measured."""
    return Graph(_train(result), _test(result, protocol), _digit(result, protocol))


def _train(result: Result) -> list[Step]:
    cell, seed = result.cell, result.seed
    found = list(phases(result))
    if not found:
        return [Step("model", f"{cell.model.name}, ready", cell.model.key, _use(cell.model.key))]
    steps = [Step("seed", f"{seed.root}, repeat {seed.repeat}", "", "#tab-environment")]
    if cell.generator is not None:
        faces = cell.generator
        size = faces.facts.get("faces", faces.facts.get("images"))
        images = f", {size:,} images" if isinstance(size, int) else ""
        steps.append(Step("faces", faces.name + images, faces.key, f"#faces-{faces.key[:KEY]}"))
    steps += [_phase(phase, cell.model.name, len(found)) for phase in found]
    return steps


def _phase(phase: Phase, model: str, count: int) -> Step:
    which = f"training, phase {phase.number}" if count > 1 else "training"
    said = model
    if count > 1 and trained_on(phase.facts):
        said = f"{model} on {trained_on(phase.facts)}"
    return Step(which, said, phase.key, "#tab-training")


def _test(result: Result, protocol: str) -> list[Step]:
    inputs, benchmark = result.provenance.inputs, result.cell.benchmark
    steps = [
        Step("faces", role.partition(":")[2], key)
        for role, key in inputs.items()
        if role.startswith("faces:")
    ]
    steps.append(Step("benchmark", benchmark.name, benchmark.key, _use(benchmark.key)))
    if "placements" in inputs:
        found = result.enrolment
        said = f"{found.images - found.failed:,} of {found.images:,} faces" if found else "faces"
        steps.append(Step("placed", said, inputs["placements"], protocol))
    return steps


def _digit(result: Result, protocol: str) -> list[Step]:
    inputs = result.provenance.inputs
    steps = [Step("embeddings", "plain and mirrored", inputs.get("embeddings", ""), protocol)]
    counts = [f"{n:,} {name}" for name in ("genuine", "impostor")
              if isinstance(n := result.protocol.get(f"n_{name}"), int)]  # fmt: skip
    steps.append(Step("scores", ", ".join(counts), result.raw.get("sha256", ""), protocol))
    chosen = [metric for metric in result.metrics if metric.headline] or result.metrics[:1]
    for metric in chosen:
        if metric.threshold is not None:
            steps.append(Step("threshold", f"{metric.threshold:.6g}"))
        value = "n/a" if metric.value is None else f"{metric.value:.10g}"
        steps.append(Step(metric.name, value))
        low, high = (metric.ci.low, metric.ci.high) if metric.ci else (None, None)
        count = support(metric.name, operating_point(metric.at), result.protocol)
        printed = numbers.measured(metric.value, low, high, metric.unit, count)
        steps.append(Step("printed", printed))
    return steps


def _use(key: str) -> str:
    return f"#use-{key[:KEY]}"
