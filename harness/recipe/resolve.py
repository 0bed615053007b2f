"""A recipe: which generators, models and benchmarks meet, with which parameters.

The command line and a TOML file both end here; :mod:`harness.recipe.layers` sets the precedence,
and every entry records the source of each of its values.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from harness._plugins.aliases import Alias
from harness.align.limits import MAX_DOUBTFUL
from harness.did_you_mean import did_you_mean
from harness.errors import UsageError
from harness.recipe import layers, recipe_file
from harness.recipe.layers import RawRecipe, Sourced, SourcedValues
from harness.recipe.overrides import Accepts, AnyUse, assign, split, sweep
from harness.recipe.parameters import EXTRA, explain, typed
from harness.recipe.project import project_file, read_project
from harness.recipe.row_labels import with_labels
from harness.recipe.run_options import RecipeFlags
from harness.recipe.tables import (
    Faces,
    MeasureUse,
    ModelUse,
    Phase,
    Take,
    Use,
    face_sets,
    with_face_sets,
    with_phases,
)

__all__ = ["Recipe", "RecipeFlags", "StudyTable", "Surroundings", "Use", "read", "resolve"]

NO_ALIASES: Mapping[str, Alias] = MappingProxyType({})
FLAG_OF = {"generator": "G", "model": "M", "benchmark": "B", "aligner": "A", "measure": "P"}
"""Letter of the flag that sets parameters of a kind."""
NO_ALIGNER = "none"
"""As ``aligner.use``: faces are not looked for."""


MOST_REPEATS = 10**9
"""A number that is still a count; how many cells they make is limited by the plan."""


class StudyTable(BaseModel):
    """The ``[study]`` table."""

    model_config = ConfigDict(extra="forbid")

    name: str = "study"
    seed: int = Field(0, description="Root seed of every random stream.")
    repeats: int = Field(
        1, ge=1, le=MOST_REPEATS, description="Training runs per model, with different seeds."
    )
    limit: int | None = Field(
        None, ge=1, description="Identities and pairs to look at; for trials."
    )
    device: str = Field("auto", description="auto, cpu, cuda or cuda:N.")
    precision: str = Field("auto", description="Training: auto, fp32, bf16 or fp16.")
    batch_size: int | None = Field(
        None, ge=1, description="Embedding batch; results do not change."
    )
    align: Literal["auto", "given", "template", "box", "detector"] = Field(
        "auto", description="How landmarks are found; auto takes the first that the images have."
    )
    on_failure: Literal["reject", "given", "box", "centre", "error"] = Field(
        "reject", description="What happens to an image in which no face is found."
    )
    max_doubtful: float = Field(
        MAX_DOUBTFUL,
        ge=0,
        le=1,
        description="Largest share of images whose landmarks cannot be those of a face.",
    )
    portable: bool = Field(
        False, description="Equal digits on every x86-64 processor with AVX2; slower, CPU only."
    )
    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def origins(self) -> Mapping[str, str]:
        """Source of each key; one that is not here has its default."""
        return self._origins


class Recipe(BaseModel):
    """A whole recipe file."""

    model_config = ConfigDict(extra="forbid")

    study: StudyTable = StudyTable()
    generator: list[Faces] = []
    model: list[ModelUse] = []
    benchmark: list[Use] = []
    measure: list[MeasureUse] = []
    aligner: Use | None = None
    executor: Use | None = None
    """Where the work is done; it enters no key."""
    _profile: str | None = PrivateAttr(default=None)

    @property
    def profile(self) -> str | None:
        """The profile that was chosen; its results stand for nothing that was published."""
        return self._profile


@dataclass(frozen=True)
class Surroundings:
    """What is read below or beside the flags: a project file and the environment."""

    project: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_process(cls) -> Surroundings:
        """Those of this process and its current folder."""
        return cls(project_file(Path.cwd()), os.environ)


def read(path: Path, profile: str | None = None) -> Recipe:
    """Read a TOML recipe; raises ``UsageError`` with file, line and the nearest match."""
    return resolve(RecipeFlags(recipe=path, profile=profile), {}, lambda *_: True)


def resolve(
    settings: RecipeFlags,
    groups: Mapping[str, list[str]],
    accepts: Accepts,
    aliases: Mapping[str, Alias] = NO_ALIASES,
    around: Surroundings | None = None,
) -> Recipe:
    """The recipe with the flags laid over it, groups of benchmarks and their aliases spelt out.

    A parameter without a component's name goes to every selected component that has it. Without
    ``around`` no project file and no environment is read.
    """
    draft = _layered(settings, around or Surroundings())
    said, sweeps = _assignments(settings), _sweeps(settings, draft)

    def assigned(kind: str, uses: Sequence[AnyUse], takes: Accepts = accepts) -> list[AnyUse]:
        made = list(uses)
        for key, value in said.get(kind, ()):
            made = assign(kind, made, key, value, takes)
        return made

    def swept(kind: str, uses: Sequence[AnyUse]) -> list[AnyUse]:
        return sweep(kind, uses, sweeps.get(kind, {}), accepts)

    generators = _chosen(_uses(draft, "generator", Faces), settings.generator, Faces)
    models = _models(draft, settings, generators=bool(generators))
    generators, models = with_labels(generators, models, [*map(str, settings.label)])
    sets = face_sets(generators, models)
    stored = {faces.use for faces in sets if faces.stored}
    sets = assigned("generator", sets, lambda *asked: asked[1] not in stored and accepts(*asked))
    generators, models = with_face_sets(sets, generators, models)
    benchmarks = _chosen(_uses(draft, "benchmark", Use), settings.bench, Use)
    recipe = Recipe(
        study=_study(draft.study, settings, said.get("study", ())),
        generator=swept("generator", generators),
        model=swept("model", assigned("model", models)),
        benchmark=swept("benchmark", assigned("benchmark", _expand(benchmarks, groups, aliases))),
        measure=swept("measure", assigned("measure", _measures(draft, settings))),
        aligner=_aligner(draft, settings, said.get("aligner", ()), accepts),
        executor=_use(draft.executor, Use) if draft.executor else None,
    )
    recipe._profile = settings.profile  # noqa: SLF001 (made here)
    return recipe


def _models(draft: RawRecipe, settings: RecipeFlags, *, generators: bool) -> list[ModelUse]:
    """The models with the phases that flags give them; ``generators``: whether one is selected."""
    return with_phases(
        _chosen(_uses(draft, "model", ModelUse), settings.model, ModelUse),
        generators=generators,
        mix=tuple(name for value in settings.mix for name in split_names(value)),
        finetune=tuple(
            split_names(phase) if isinstance(phase, str) else tuple(phase)
            for phase in settings.finetune
        ),
        stream=settings.stream,
        initial=settings.initial,
    )


def _layered(settings: RecipeFlags, around: Surroundings) -> RawRecipe:
    """Project file, recipe with its profile, environment."""
    draft = RawRecipe()
    if around.project is not None:
        draft = layers.overlay(draft, read_project(around.project))
    if settings.recipe is not None:
        draft = layers.overlay(draft, recipe_file.read(Path(settings.recipe), settings.profile))
    elif settings.profile is not None:
        raise UsageError(f"--profile {settings.profile} is of a recipe; add -c FILE")
    draft.study |= layers.environment(around.environ, StudyTable.model_fields)
    return draft


def _assignments(settings: RecipeFlags) -> dict[str, list[tuple[str, Sourced]]]:
    """What ``-G``, ``-M``, ``-B``, ``-A`` and ``--set`` say, by kind, in this order."""
    made: dict[str, list[tuple[str, Sourced]]] = {}
    for kind, pairs in settings.params.items():
        for key, value in pairs.items():
            origin = f"flag -{FLAG_OF[kind]} {key}"
            made.setdefault(kind, []).append((key, Sourced(value, origin)))
    for path, value in settings.values.items():
        origin = f"flag --set {path}"
        kind, key = split(path, origin)
        made.setdefault(kind, []).append((key, Sourced(value, origin)))
    return made


def _sweeps(settings: RecipeFlags, draft: RawRecipe) -> dict[str, dict[str, Sourced]]:
    """``[sweep]`` and, over it, ``--sweep``, by kind."""
    said = {
        path: Sourced(values, f"flag --sweep {path}") for path, values in settings.sweep.items()
    }
    made: dict[str, dict[str, Sourced]] = {}
    for path, values in (draft.sweep | said).items():
        kind, key = split(path, values.origin)
        if kind not in layers.LISTED:
            raise UsageError(f"{values.origin}: {kind} cannot be swept; a sweep is over "
                             f"{', '.join(layers.LISTED)}")  # fmt: skip
        made.setdefault(kind, {})[key] = values
    return made


def _uses(draft: RawRecipe, kind: str, made: type[AnyUse]) -> list[AnyUse]:
    return [_use(values, made) for values in draft.entries[kind]]


def _use(values: SourcedValues, made: type[AnyUse]) -> AnyUse:
    """An entry with its origins; face sets of phases have their own."""
    data = {key: said.value for key, said in values.items()}
    phases = data.get("phases")
    if isinstance(phases, list) and "phases" in made.model_fields:
        data["phases"] = [
            {**phase, "faces": [_use(item, Faces) for item in phase["faces"]]}
            if isinstance(phase, dict)
            else phase
            for phase in phases
        ]
    try:
        use = made.model_validate(data)
    except ValidationError as error:
        raise UsageError(_located(error, values, made)) from None
    use._origins = {key: said.origin for key, said in values.items()}  # noqa: SLF001 (made here)
    return use


def _located(error: ValidationError, values: SourcedValues, model: type[BaseModel]) -> str:
    """The sentence of an error, with the place of the value that it is about."""
    first = error.errors()[0]
    key = str(first["loc"][0])
    origin = values[key].origin if key in values else next(iter(values.values())).origin
    known = [*Phase.model_fields, *Take.model_fields]
    hint = did_you_mean(str(first["loc"][-1]), known) if first["type"] == EXTRA else ""
    return f"{origin}: {explain(error)}{hint}"


def _measures(draft: RawRecipe, settings: RecipeFlags) -> list[MeasureUse]:
    """The measures, each with the other sets that flags name."""
    measures = _chosen(_uses(draft, "measure", MeasureUse), settings.measure, MeasureUse)
    for role in ("against", "seen", "control"):
        name = getattr(settings, role)
        if name is None:
            continue
        if not measures:
            raise UsageError(f"--{role} {name}: no measure looks at it; add --measure NAME")
        measures = [use.having({**use.params(), role: name}, {role: f"flag --{role}"})
                    for use in measures]  # fmt: skip
    return measures


def _study(
    values: SourcedValues, settings: RecipeFlags, sets: Iterable[tuple[str, Sourced]] = ()
) -> StudyTable:
    flags = {
        key: Sourced(value, f"flag --{key.replace('_', '-')}")
        for key in StudyTable.model_fields
        if (value := getattr(settings, key)) is not None
    }
    said = values | flags | dict(sets)
    for key, value in said.items():
        if key not in StudyTable.model_fields:
            raise UsageError(f"{value.origin}: study has no key {key!r}"
                             f"{did_you_mean(key, StudyTable.model_fields)}")  # fmt: skip
    try:
        table = StudyTable.model_validate(
            {key: typed(StudyTable, key, item.value) for key, item in said.items()}
        )
    except ValidationError as error:
        raise UsageError(_located(error, said, StudyTable)) from None
    table._origins = {key: item.origin for key, item in said.items()}  # noqa: SLF001 (made here)
    return table


def _aligner(
    draft: RawRecipe,
    settings: RecipeFlags,
    sets: Iterable[tuple[str, Sourced]] = (),
    accepts: Accepts = lambda *_: True,
) -> Use | None:
    use = _use(draft.aligner, Use) if draft.aligner else None
    if settings.aligner is not None and (use is None or use.use != settings.aligner):
        use = Use(use=settings.aligner)
        use._origins = {"use": "flag --aligner"}  # noqa: SLF001 (made here)
    if use is not None and use.use == NO_ALIGNER:
        use = None
    for key, value in sets:
        if use is None:
            raise UsageError(f"-A {key}=... needs an aligner; add --aligner NAME")
        use = assign("aligner", [use], key, value, accepts)[0]
    return use


def _chosen(uses: list[AnyUse], said: Iterable[str], made: type[AnyUse]) -> list[AnyUse]:
    """Flags replace the file's choice, by component or label, and keep its parameters.

    Names may be joined by commas; a label that holds one is a name as a whole.
    """
    known_names = {name for use in uses for name in use.names}
    names = [name for value in said
             for name in ((value,) if value in known_names else split_names(value))]  # fmt: skip
    if not names:
        return uses
    return [
        use
        for name in names
        for use in ([known for known in uses if name in known.names] or [made(use=name)])
    ]


def split_names(text: str) -> tuple[str, ...]:
    """``a,b`` as ``("a", "b")``."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _expand(
    uses: list[Use], groups: Mapping[str, list[str]], aliases: Mapping[str, Alias]
) -> list[Use]:
    return [
        use.model_copy(update={"use": name})
        for use in (_unaliased(use, aliases) for use in uses)
        for name in groups.get(use.use, [use.use])
    ]


def _unaliased(use: Use, aliases: Mapping[str, Alias]) -> Use:
    """A benchmark by its own name; an alias may mean one of its comparisons."""
    name, comparison = aliases.get(use.use, Alias(use.use))
    if comparison and "comparisons" not in use.params():
        use = use.having({**use.params(), "comparisons": comparison})
    return use.model_copy(update={"use": name})
