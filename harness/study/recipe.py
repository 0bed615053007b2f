"""A recipe: which generators, models and benchmarks meet, with which parameters.

The command line and a TOML file both end here. Precedence: defaults, then a preset, then the file,
then flags; ``origins`` remembers where each value came from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.errors import UsageError
from harness.registry import did_you_mean
from harness.study.parameters import explain


class Use(BaseModel):
    """One ``[[generator]]``, ``[[model]]``, ``[[benchmark]]`` or ``[aligner]`` table."""

    model_config = ConfigDict(extra="allow")

    use: str

    def params(self) -> dict[str, Any]:
        """The parameters: every key but ``use``."""
        return dict(self.__pydantic_extra__ or {})


class StudyTable(BaseModel):
    """The ``[study]`` table."""

    model_config = ConfigDict(extra="forbid")

    name: str = "study"
    seed: int = Field(0, description="Root seed of every random stream.")
    repeats: int = Field(1, ge=1, description="Trainings of each model, with different seeds.")
    limit: int | None = Field(
        None, ge=1, description="Identities and pairs to look at; for trials."
    )
    device: str = Field("auto", description="auto, cpu, cuda or cuda:N.")
    precision: str = Field("auto", description="Training: auto, fp32, bf16 or fp16.")
    batch_size: int | None = Field(
        None, ge=1, description="Embedding batch; results do not change."
    )
    align: Literal["auto", "given", "template", "box", "detector"] = Field(
        "auto", description="How landmarks are found; auto takes what the images offer."
    )
    on_failure: Literal["reject", "box", "centre", "error"] = Field(
        "reject", description="What happens to an image in which no face is found."
    )


class Recipe(BaseModel):
    """A whole recipe file."""

    model_config = ConfigDict(extra="forbid")

    study: StudyTable = StudyTable()
    generator: list[Use] = []
    model: list[Use] = []
    benchmark: list[Use] = []
    aligner: Use | None = None


@dataclass(frozen=True)
class Settings:
    """What the flags of ``run`` and ``plan`` say; None or empty means not said."""

    recipe: Path | None = None
    generators: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()
    aligner: str | None = None
    params: Mapping[str, tuple[tuple[str, Any], ...]] = field(default_factory=dict)
    study: Mapping[str, Any] = field(default_factory=dict)


def read(path: Path) -> Recipe:
    """Read a TOML recipe; raises ``UsageError`` with the file and the nearest match."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"recipe {path} does not exist; check -c") from None
    except OSError as error:
        raise UsageError(f"recipe {path} cannot be read ({error.strerror}); check -c") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"recipe {path} is not TOML: {error}") from None
    for key in table:
        if key not in Recipe.model_fields:
            raise UsageError(f"recipe {path} has unknown table {key!r}"
                             f"{did_you_mean(key, Recipe.model_fields)}")  # fmt: skip
    if not isinstance(table.get("study", {}), dict):
        raise UsageError(f"recipe {path}: study must be a table, [study]")
    for key in table.get("study", {}):
        if key not in StudyTable.model_fields:
            raise UsageError(f"recipe {path}, table study: unknown key {key!r}"
                             f"{did_you_mean(key, StudyTable.model_fields)}")  # fmt: skip
    try:
        return Recipe.model_validate(table)
    except ValidationError as error:
        raise UsageError(f"recipe {path}: {explain(error)}") from None


Accepts = Callable[[str, str, str], bool]
"""Whether a (kind, component name) has a parameter of that name."""


def resolve(settings: Settings, groups: Mapping[str, list[str]], accepts: Accepts) -> Recipe:
    """The recipe with the flags laid over it and benchmark groups spelt out.

    A parameter without a component's name goes to every selected component that has it.
    """
    recipe = read(settings.recipe) if settings.recipe else Recipe()
    chosen = {
        "generator": _chosen(recipe.generator, settings.generators),
        "model": _chosen(recipe.model, settings.models),
        "benchmark": _expand(_chosen(recipe.benchmark, settings.benchmarks), groups),
    }
    for kind, uses in chosen.items():
        for key, value in settings.params.get(kind, ()):
            uses = _assign(kind, uses, key, value, accepts)
        chosen[kind] = uses
    aligner = Use(use=settings.aligner) if settings.aligner else recipe.aligner
    for key, value in settings.params.get("aligner", ()):
        if aligner is None:
            raise UsageError(f"-A {key}=... needs an aligner; add --aligner NAME")
        aligner = _assign("aligner", [aligner], key, value, accepts)[0]
    study = recipe.study.model_dump() | {k: v for k, v in settings.study.items() if v is not None}
    try:
        table = StudyTable.model_validate(study)
    except ValidationError as error:
        raise UsageError(explain(error)) from None
    return Recipe(study=table, aligner=aligner, **chosen)


def _chosen(uses: list[Use], names: tuple[str, ...]) -> list[Use]:
    """Flags replace the file's choice, and keep its parameters for a component of that name."""
    if not names:
        return uses
    return [
        use
        for name in names
        for use in ([known for known in uses if known.use == name] or [Use(use=name)])
    ]


def _expand(uses: list[Use], groups: Mapping[str, list[str]]) -> list[Use]:
    return [
        Use.model_validate({**use.params(), "use": name})
        for use in uses
        for name in groups.get(use.use, [use.use])
    ]


def _assign(kind: str, uses: list[Use], key: str, value: Any, accepts: Accepts) -> list[Use]:
    """Set a parameter; ``name.key`` picks one component, a bare key those that have it."""
    if not uses:
        raise UsageError(f"{key}={value} sets a {kind} parameter but no {kind} is selected")
    owner, _, inner = key.partition(".")
    if inner and owner in {use.use for use in uses}:
        key, takers = inner, [use.use == owner for use in uses]
    else:
        takers = [accepts(kind, use.use, key) for use in uses]
        if not any(takers):
            takers = [True] * len(uses)  # the component's own error names the nearest match
    return [
        Use.model_validate({**use.params(), key: value, "use": use.use}) if takes else use
        for use, takes in zip(uses, takers, strict=True)
    ]
