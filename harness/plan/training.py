"""Planning a training: its phases as nodes, each made from the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.plan.alignable import require_alignable
from harness.plan.nodes import Node, ResolvedComponent, TrainingPhase, TrainingSource, nth

if TYPE_CHECKING:
    from harness.plan.planner import Planner
    from harness.recipe.tables import ModelUse, Phase


@dataclass(frozen=True)
class Chain:
    """All phases of one model: keys by role for a cell, and the words that tell it from others."""

    generator: ResolvedComponent | None
    keys: Mapping[str, str]
    words: tuple[str, ...]


def faces_role(index: int) -> str:
    """Name of the input of a train node that is its face set of that number."""
    return f"faces.{index}" if index else "faces"


def placements_role(index: int) -> str:
    """The same for the placements of that set."""
    return f"placements.{index}" if index else "placements"


def chain(
    planner: Planner,
    model: ResolvedComponent,
    use: ModelUse,
    phases: Sequence[Phase],
    generator: TrainingSource | None,
    aligner: ResolvedComponent | None,
    repeat: int,
) -> Chain:
    """Add the nodes of every phase to the plan.

    Raises ``UsageError`` for a phase without faces, or one that cannot be streamed.
    """
    if not model.provided.component.trainable:
        return Chain(None, {}, ())
    before, depth = planner.trained(use.initial, model) if use.initial else (None, 0)
    keys = {"model": before} if before else {}
    first: TrainingSource | None = None
    words: list[str] = []
    for number, phase in enumerate(phases):
        sources = _sources(planner, phase, number, generator)
        first = first or sources[0]
        words.append(phase.words(_named(phase, number, generator)))
        if "model" in keys and number:
            keys[f"model.{number - 1}"] = keys["model"]
        label = f"{first.name} > {model.shown}" + (f" [{'; '.join(words)}]" if number else "")
        label += nth(repeat, planner.study.repeats)
        inputs = _inputs(planner, sources, aligner, stream=phase.stream)
        if number == 0:
            keys |= {"faces": inputs["faces"]} if "faces" in inputs else {}
        if before is not None:
            inputs["model"] = before
        training = TrainingPhase(
            tuple(sources), phase.stream, phase.validation, depth, phase.params
        )
        chosen = planner.choose("model", use.having({**use.params(), **phase.params}))
        _check_counts(training, chosen, label, planner.study.limit)
        before = planner.add(_train_node(planner, label, chosen, inputs, training, repeat))
        keys["model"], depth = before, depth + 1
    plain = len(phases) == 1 and not use.initial and phases[0] == type(phases[0])()
    if plain and first is not None and not first.rules:
        words = []
    told = [f"from {use.initial[:12]}"] if use.initial else []
    return Chain(first.chosen if first else None, keys, (*told, *words))


def _named(phase: Phase, number: int, generator: TrainingSource | None) -> str | None:
    """The recipe's generator in words, where a phase uses it."""
    if generator is None or not phase.on_generator(number == 0):
        return None
    taken = generator.take.words()
    return f"{generator.name} ({taken})" if taken else generator.name


def _sources(
    planner: Planner, phase: Phase, number: int, generator: TrainingSource | None
) -> list[TrainingSource]:
    found = [planner.source(faces) for faces in phase.faces]
    if phase.on_generator(number == 0):
        if generator is None:
            raise UsageError(
                f"phase {number + 1} of a model trains on the recipe's generator, and there is "
                "none; add --generator NAME, or name the phase's faces"
            )
        found = [generator, *found]
    if not found:
        raise UsageError(f"phase {number + 1} of a model has no faces; name them in `faces`")
    # What is streamed cannot be looked at again, so its bytes must be the same everywhere.
    return [planner.exact(source) for source in found] if phase.stream else found


def _inputs(
    planner: Planner,
    sources: Sequence[TrainingSource],
    aligner: ResolvedComponent | None,
    *,
    stream: bool,
) -> dict[str, str]:
    """Keys of a phase's face sets and their placements; a streamed set has neither."""
    inputs: dict[str, str] = {}
    for index, source in enumerate(sources):
        require_alignable(source, None if stream else aligner, planner.study.align)
        if stream and source.node is not None:
            _check_stream(planner, source)
            inputs |= {f"{role}@{index}": key for role, key in source.node.inputs.items()}
            continue
        key = planner.add_set(source)
        inputs[faces_role(index)] = key
        inputs[placements_role(index)] = planner.place({"faces": key}, source.name, aligner, None)
    return inputs


def _check_counts(
    training: TrainingPhase, model: ResolvedComponent, label: str, limit: int | None
) -> None:
    """Raise UsageError where the counts that the generators were asked for teach nothing."""
    asked = [_asked(source, limit) for source in training.sources]
    if any(counts is None for counts in asked):
        return
    known = [counts for counts in asked if counts is not None]
    reason = model.params.nothing_to_learn(
        sum(identities for identities, _, _ in known) - training.validation,
        sum(images for _, images, _ in known),
        max(each for _, _, each in known),
    )
    if reason:
        raise UsageError(f"{label} cannot be trained: {reason}")


def _asked(source: TrainingSource, limit: int | None) -> tuple[int, int, int] | None:
    """Identities, images and images of each identity that are asked for; None where unknown."""
    params, take = source.chosen.params, source.take
    identities: int | None = getattr(params, "identities", None)
    each: int | None = getattr(params, "images_per_id", None)
    by_name = take.exclude is not None or take.quality is not None
    if source.node is None or identities is None or each is None or by_name:
        return None
    people = min(n for n in (identities, take.identities, limit) if n is not None)
    return people, min(people * each, take.images or people * each), each


def _check_stream(planner: Planner, source: TrainingSource) -> None:
    determinism = source.chosen.provided.component.determinism
    if determinism != "exact":
        raise UsageError(
            f"generator {source.name} cannot be streamed: its images are only equal "
            f"{determinism}, so a training could not be repeated; leave out stream"
        )
    if source.take.exclude is not None:
        raise UsageError(
            f"generator {source.name} is streamed, so nobody's name is known before an image is "
            "made; leave out stream, or exclude with a parameter of the generator"
        )
    if source.take.quality is not None:
        raise UsageError(
            f"generator {source.name} is streamed, so no image is rated before it is made; leave "
            "out stream or min_quality"
        )
    if planner.study.align == "detector":
        raise UsageError("a streamed phase cannot use a detector; leave out stream or --align")


def _train_node(
    planner: Planner,
    label: str,
    chosen: ResolvedComponent,
    inputs: Mapping[str, str],
    training: TrainingPhase,
    repeat: int,
) -> Node:
    # Which images are taken, not their number alone: the rules hold the seed of the draw.
    phase: dict[str, Any] = {
        "sets": [dict(source.rules) for source in training.sources],
        "validation": training.validation,
        "depth": training.depth,
    }
    if training.stream:
        # Of a streamed set there is no artifact and no placement whose key could be an input.
        phase["stream"] = [source.key for source in training.sources]
        phase["rule"] = planner.placing_rule()
    return planner.node(
        "train",
        label,
        chosen,
        {**inputs, **planner.requests(chosen)},
        planner.study.seed,
        training=training,
        repeat=repeat,
        phase=phase,
        **planner.hardware(),
    )
