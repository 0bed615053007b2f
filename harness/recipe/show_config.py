"""Every value of a resolved recipe with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness._plugins.registry import Registry
from harness.components import Kind
from harness.recipe import parameters
from harness.recipe.parameters import PRESET
from harness.recipe.resolve import Recipe
from harness.recipe.tables import MEASURE_KEYS, ModelUse, Use

DEFAULT = "default"


@dataclass(frozen=True)
class ConfigRow:
    """One value: its dotted path, the value as JSON, and its origin."""

    path: str
    value: Any
    origin: str


def rows(recipe: Recipe, registry: Registry) -> Iterator[ConfigRow]:
    """All values in the order of the recipe; raises ``UsageError`` for what is not valid."""
    for key, value in recipe.study.model_dump(mode="json").items():
        yield ConfigRow(f"study.{key}", value, recipe.study.origins.get(key, DEFAULT))
    for number, faces in enumerate(recipe.generator):
        if not faces.stored:
            yield from _entry(registry, "generator", f"generator.{number}", faces)
    for number, model in enumerate(recipe.model):
        yield from _entry(registry, "model", f"model.{number}", model)
        yield from _phases(registry, f"model.{number}", model)
    for number, use in enumerate(recipe.benchmark):
        yield from _entry(registry, "benchmark", f"benchmark.{number}", use)
    for number, measure in enumerate(recipe.measure):
        yield from _entry(registry, "measure", f"measure.{number}", measure)
    if recipe.aligner is not None:
        yield from _entry(registry, "aligner", "aligner", recipe.aligner)
    if recipe.executor is not None:
        for key, value in recipe.executor.model_dump(mode="json", exclude_none=True).items():
            yield ConfigRow(f"executor.{key}", value, recipe.executor.origins.get(key, "flags"))


def _phases(registry: Registry, path: str, model: ModelUse) -> Iterator[ConfigRow]:
    said = model.origins.get("phases", "flags")
    for number, phase in enumerate(model.phases):
        where = f"{path}.phases.{number}"
        for key, value in phase.model_dump(mode="json", exclude={"faces"}).items():
            yield ConfigRow(
                f"{where}.{key}", value, said if key in phase.model_fields_set else DEFAULT
            )
        for inner, faces in enumerate(phase.faces):
            if not faces.stored:
                yield from _entry(registry, "generator", f"{where}.faces.{inner}", faces)


def _entry(registry: Registry, kind: Kind, path: str, use: Use) -> Iterator[ConfigRow]:
    provided = registry.find(kind, use.use)
    given = use.params()
    params = parameters.build(provided, given, use.origins)
    cls = type(params)
    for key in ("use", "label", "published", "take", *MEASURE_KEYS):
        if key in use.model_fields_set:
            value = use.model_dump(mode="json", exclude_defaults=True).get(key)
            yield ConfigRow(f"{path}.{key}", value, use.origins.get(key, "flags"))
    said: dict[str, str] = {}
    preset = given.get(PRESET) if PRESET not in cls.model_fields else None
    if preset is not None:
        yield ConfigRow(f"{path}.{PRESET}", preset, use.origins.get(PRESET, "flags"))
        said = dict.fromkeys(cls.presets[preset], f"preset {preset}")
    said |= _said(cls, given, use.origins)
    for key, value in params.model_dump(mode="json").items():
        yield ConfigRow(f"{path}.{key}", value, said.get(key, DEFAULT))


def _said(cls: Any, given: Mapping[str, Any], origins: Mapping[str, str]) -> dict[str, str]:
    """Origins by parameter; one that several keys set names all of them."""
    found: dict[str, list[str]] = {}
    for key in given:
        field = parameters.field_of(cls, key)
        if field is not None:
            found.setdefault(field, []).append(origins.get(key, "flags"))
    return {field: ", ".join(dict.fromkeys(names)) for field, names in found.items()}
