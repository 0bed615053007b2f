"""The JSON Schema of a recipe, parameters of every installed component included, for editors."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from harness._plugins.aliases import aliases
from harness._plugins.lookup import offers
from harness._plugins.registry import RegisteredComponent, Registry
from harness._plugins.targets import import_object
from harness.components import Kind, Params
from harness.recipe import parameters
from harness.recipe.layers import LISTED
from harness.recipe.profiles import KEPT
from harness.recipe.resolve import NO_ALIGNER, StudyTable
from harness.recipe.tables import Faces, MeasureUse, ModelUse, Phase, Take, Use

DRAFT = "https://json-schema.org/draft/2020-12/schema"
KINDS: tuple[Kind, ...] = ("generator", "model", "benchmark", "aligner", "measure")
STORED = "^[0-9a-f]{8,64}$"
ENTRY: dict[str, type[BaseModel]] = {
    "generator": Faces,
    "model": ModelUse,
    "benchmark": Use,
    "aligner": Use,
    "measure": MeasureUse,
}


def schema(registry: Registry) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a recipe file, for the components this registry has."""
    defs: dict[str, Any] = {"study": _closed(StudyTable), "take": _closed(Take)}
    for kind in KINDS:
        for provided in registry.of_kind(kind):
            defs |= _component(kind, provided)
        defs[kind] = _entry(kind, registry)
    defs["phase"] = _phase()
    defs["executor"] = _executor(registry)
    defs["profile"] = _profile()
    return {
        "$schema": DRAFT,
        "title": "harness recipe",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "study": _ref("study"),
            **{kind: {"type": "array", "items": _ref(kind)} for kind in LISTED},
            "aligner": _ref("aligner"),
            "executor": _ref("executor"),
            "sweep": {
                "description": "Values to run once each, by dotted path; several make a grid.",
                "type": "object",
                "patternProperties": {rf"^({'|'.join(LISTED)})\.": {"type": "array"}},
                "additionalProperties": False,
            },
            "profile": {"type": "object", "additionalProperties": _ref("profile")},
        },
        "$defs": defs,
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _closed(model: type[BaseModel]) -> dict[str, Any]:
    made: dict[str, Any] = model.model_json_schema()
    return made | {"additionalProperties": False}


def _component(kind: Kind, provided: RegisteredComponent) -> dict[str, Any]:
    """Definitions of one component's parameters, under ``KIND.PROVIDER``."""
    cls = parameters.params_class(provided)
    name = f"{kind}.{provided.provider}"
    made = cls.model_json_schema(ref_template=f"#/$defs/{name}.{{model}}")
    inner = {f"{name}.{key}": value for key, value in made.pop("$defs", {}).items()}
    properties: dict[str, Any] = dict(made["properties"])
    if cls.presets:
        properties[parameters.PRESET] = {
            "description": "A set of values that those given here override.",
            "enum": sorted(cls.presets),
        }
    own = _own(kind)
    return inner | {
        name: {
            "description": provided.component.summary,
            "properties": {**own, "use": {}, **properties},
            "patternProperties": _dotted(cls),
            "additionalProperties": False,
        }
    }


def _dotted(cls: type[Params]) -> dict[str, Any]:
    """Quoted keys with dots set one value inside a parameter."""
    heads = [*cls.model_fields, *(f.removesuffix("_params") for f in cls.model_fields)]
    return {rf"^({'|'.join(dict.fromkeys(heads))})\.": {}} if heads else {}


def _own(kind: str) -> dict[str, Any]:
    """Keys that every entry of a kind has beside the parameters of its component."""
    made = dict(ENTRY[kind].model_json_schema()["properties"])
    del made["use"]
    if "take" in made:
        made["take"] = _ref("take")
    if "phases" in made:
        made["phases"] = {"type": "array", "items": _ref("phase")}
    return made


def _entry(kind: Kind, registry: Registry) -> dict[str, Any]:
    """One table of a kind: which names ``use`` may have, and what follows from each."""
    found = registry.of_kind(kind)
    names = [provided.component.name for provided in found]
    unique = [name for name in names if names.count(name) == 1]
    more = {
        "aligner": [NO_ALIGNER],
        "benchmark": [*sorted(registry.groups()), *aliases(registry)],
    }.get(kind, [])
    use: dict[str, Any] = {"enum": [*unique, *(p.provider for p in found), *more]}
    if kind == "generator":
        use = {"anyOf": [use, {"pattern": STORED, "description": "Key of a stored face set."}]}
    return {
        "type": "object",
        "required": ["use"],
        "properties": {"use": {"description": f"The {kind}.", **use}, **_own(kind)},
        "allOf": [
            {
                "if": {
                    "properties": {"use": {"enum": [p.component.name, p.provider]}},
                    "required": ["use"],
                },
                "then": _ref(f"{kind}.{p.provider}"),
            }
            for p in found
            if p.component.name in unique
        ],
    }


def _phase() -> dict[str, Any]:
    made = Phase.model_json_schema()
    properties = dict(made["properties"]) | {"faces": {"type": "array", "items": _ref("generator")}}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _executor(registry: Registry) -> dict[str, Any]:
    """The table of an executor: its name, and what that one can be set up with."""
    found = [offer.extension for offer in offers(registry, "executor")]
    properties: dict[str, Any] = {}
    for extension in found:
        if extension.params:
            properties |= import_object(extension.params).model_json_schema()["properties"]
    return {
        "type": "object",
        "required": ["use"],
        "properties": {**properties, "use": {"enum": [extension.name for extension in found]}},
        "additionalProperties": False,
    }


def _profile() -> dict[str, Any]:
    """Changes by component or label; where they name no component, any key may stand."""

    def changes(kind: str) -> dict[str, Any]:
        one = {"if": {"required": ["use"]}, "then": _ref(kind), "else": {"type": "object"}}
        named = {"type": "object", "additionalProperties": one}
        return {"anyOf": [{"type": "array", "items": _ref(kind)}, named]}

    return {
        "description": f"Changes to the recipe; an entry keeps {', '.join(sorted(KEPT))} when its "
        "component changes.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "study": _ref("study"),
            "aligner": _ref("aligner"),
            "executor": _ref("executor"),
            **{kind: changes(kind) for kind in LISTED},
        },
    }


def to_json(registry: Registry) -> str:
    """The schema as text."""
    return json.dumps(schema(registry), indent=1, sort_keys=True)
