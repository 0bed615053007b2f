"""Planning measures of face sets: place, embed and measure each set, under one key everywhere.

A recipe's ``[[measure]]`` and ``harness faces measure`` both end here, so they share artifacts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness._plugins.targets import import_object
from harness.did_you_mean import did_you_mean
from harness.errors import PrerequisiteError, UsageError
from harness.plan.image_source import folder_source, stored_source
from harness.plan.nodes import ImageSource, Measuring, ResolvedComponent, TrainingSource
from harness.recipe.tables import Faces, MeasureUse, ModelUse, SetName, Use

if TYPE_CHECKING:
    from harness.components import Measure
    from harness.plan.planner import Planner

ROLES = ("against", "seen", "control")
SET = "set"
"""Role of the set that is measured."""
EMBEDDINGS = ".embeddings"
NO_MODEL = "it needs embeddings; give --model"

Sources = Mapping[str, ImageSource]
Models = Sequence[tuple[ResolvedComponent, ModelUse]]


def measure_class(chosen: ResolvedComponent) -> type[Measure]:
    """The class of a measure, which says what it needs; its module is imported."""
    component = chosen.provided.component
    try:
        found: type[Measure] = import_object(component.target)
    except ImportError as error:
        raise PrerequisiteError(
            f"measure {chosen.name} of {chosen.provided.dist} cannot be imported: {error}; "
            f"reinstall {chosen.provided.dist}"
        ) from error
    return found


def lacking(chosen: ResolvedComponent, roles: Mapping[str, Any], *, embeds: bool) -> str:
    """Why a measure cannot be made of sets in these roles; empty where it can."""
    needs = measure_class(chosen).needs
    if "embeddings" in needs and not embeds:
        return NO_MODEL
    missing = [role for role in ("against", "seen") if role in needs and role not in roles]
    return f"it needs another set; give --{missing[0]}" if missing else ""


def add_measures(
    planner: Planner,
    generators: Sequence[TrainingSource],
    models: Models,
    aligner: ResolvedComponent | None,
) -> None:
    """Add the nodes of all ``[[measure]]`` tables of the recipe to the plan."""
    uses = planner.recipe.measure
    if uses and not generators:
        raise UsageError(f"measure {uses[0].use} has no faces to measure; add --generator NAME")
    if any(phase.stream for _, use in models for phase in use.phases):
        generators = [planner.exact(source) for source in generators]
    for use in uses:
        chosen = planner.choose("measure", use)
        others = {
            role: _other(planner, use, role, name, generators)
            for role in ROLES
            if (name := getattr(use, role)) is not None
        }
        if "control" in others and "seen" not in others:
            raise UsageError(f"measure {use.use}: control is subtracted from what seen finds; give "
                             "seen too")  # fmt: skip
        through = _embedders(planner, use, chosen, models)
        why = lacking(chosen, others, embeds=through != [None])
        if why:
            raise UsageError(f"measure {use.use} cannot be made: {why}")
        for source in _measured(use, generators):
            planner.add_set(source)
            seen = ImageSource(source.key, source.name, per_identity=use.per_identity)
            for model in through:
                add_measure(planner, chosen, {SET: seen, **others}, model, aligner, source.chosen)


def add_measure(
    planner: Planner,
    chosen: ResolvedComponent,
    sources: Sources,
    model: ResolvedComponent | None,
    aligner: ResolvedComponent | None,
    generator: ResolvedComponent | None,
) -> str:
    """Add one measure of one set, and what it is made from; gives its key.

    Only what the measure looks at enters: the model where it needs embeddings, and of the other
    sets those that it needs or takes.
    """
    cls = measure_class(chosen)
    if "embeddings" not in cls.needs:
        model = None
    taken = {SET, *cls.needs, *cls.optional}
    sets = {role: source for role, source in sources.items() if role in taken}
    inputs: dict[str, str] = {}
    for role, source in sets.items():
        inputs[role] = source.key
        if model is not None:
            name = "embeddings" if role == SET else role + EMBEDDINGS
            inputs[name] = add_embeddings(planner, source, model, aligner)
    title = sets[SET].title
    node = planner.node(
        "measure",
        f"{title} > {chosen.shown}" + (f" under {model.shown}" if model else ""),
        chosen,
        inputs,
        planner.study.seed,
        measuring=Measuring(sets, model, generator),
        limit=None,
        model=model.identity() if model else None,
        taken=_taken(sets, aligner if model else None),
    )
    return planner.add(node)


def add_embeddings(
    planner: Planner,
    source: ImageSource,
    model: ResolvedComponent,
    aligner: ResolvedComponent | None,
) -> str:
    """Add the alignment and the embeddings of a whole set; gives the key of the latter."""
    inputs = {"faces": source.key} if source.folder is None else {}
    more = {} if source.folder is None else _of_folder(source)
    if source.per_identity is not None:
        more["per_identity"] = source.per_identity
    # The set was limited where it was made; `limit` here would only give it a second key.
    placed = planner.place(inputs, source.title, aligner, None, source, limit=None, **more)
    return planner.add(
        planner.node(
            "embed",
            f"{source.title} > {model.shown}",
            model,
            {"placements": placed, **inputs},
            source=source,
            limit=None,
            mirror=False,
            device=planner.device.split(":")[0],
            **more,
        )
    )


def _of_folder(source: ImageSource) -> dict[str, Any]:
    return {"images": {"folder": source.key, "template": source.template}}


def _taken(sets: Sources, aligner: ResolvedComponent | None) -> dict[str, Any]:
    """What of the sets is measured, and how faces are found in them."""
    parts = {role: [source.per_identity, source.template] for role, source in sets.items()}
    return {**parts, "aligner": aligner.identity() if aligner else None}


def _measured(use: MeasureUse, generators: Sequence[TrainingSource]) -> list[TrainingSource]:
    """The generators that a table applies to."""
    for name in use.generators:
        if not any(name in _names(source) for source in generators):
            known = [source.name for source in generators]
            raise UsageError(f"measure {use.use}: no generator of the recipe is {name!r}"
                             f"{did_you_mean(name, known)}")  # fmt: skip
    return [
        source
        for source in generators
        if not use.generators or not _names(source).isdisjoint(use.generators)
    ]


def _names(source: TrainingSource) -> set[str]:
    return {source.name, source.chosen.name}


def _embedders(
    planner: Planner, use: MeasureUse, chosen: ResolvedComponent, models: Models
) -> Sequence[ResolvedComponent | None]:
    """The models that a measure is seen through; only None where it needs none."""
    if "embeddings" not in measure_class(chosen).needs:
        return [None]
    if isinstance(use.model, dict):
        return [planner.choose("model", Use.model_validate(use.model))]
    if use.model is not None:
        named = [model for model, given in models if use.model in given.names]
        if len(named) > 1:
            raise UsageError(f"measure {use.use}: {len(named)} models are called {use.model!r}; "
                             "give each a label")  # fmt: skip
        return named or [planner.choose("model", Use(use=use.model))]
    ready = [model for model, _ in models if not model.provided.component.trainable]
    if not ready:
        raise UsageError(
            f"measure {use.use} needs a model that embeds and is not trained here; add --model "
            'NAME, or in the recipe model = {use = "NAME", ...} to the table [[measure]]'
        )
    return ready


def _other(
    planner: Planner,
    use: MeasureUse,
    role: str,
    name: SetName,
    generators: Sequence[TrainingSource],
) -> ImageSource:
    """Another set: a generator of the recipe, one of its own, a stored set or a folder."""
    each = use.per_identity
    if isinstance(name, str):
        known = [source for source in generators if name in _names(source)]
        if len(known) > 1:
            raise UsageError(f"measure {use.use}: {role}={name} is {len(known)} generators of the "
                             "recipe; give each a label")  # fmt: skip
        if known:
            return _made(planner, known[0], each)
        names = {item.component.name for item in planner.registry.of_kind("generator")}
        if name not in names and not Faces(use=name).stored:
            return open_path(planner, name, use.template, each)
        name = {"use": name}
    return _made(planner, planner.source(Faces.model_validate(name)), each)


def open_path(
    planner: Planner, name: str, template: str | None, per_identity: int | None
) -> ImageSource:
    """A folder of people, or by the beginning of its key a stored set."""
    if Path(name).is_dir():
        return folder_source(planner.fingerprints, Path(name), template, per_identity)
    return stored_source(planner.store, name, per_identity)


def _made(planner: Planner, source: TrainingSource, per_identity: int | None) -> ImageSource:
    planner.add_set(source)
    return ImageSource(source.key, source.name, per_identity=per_identity)
