"""From what the user wrote to a component's typed parameters, and from those to a key."""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.components import External, Params
from harness.errors import UsageError
from harness.registry import Provided, did_you_mean, import_object

PRESET = "preset"


def parse_literal(text: str) -> Any:
    """One TOML literal; a bare word is a string, so no shell needs quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def parse_assignment(text: str) -> tuple[str, Any]:
    """``key=value`` to the key and its value; raises ``UsageError`` without an equals sign."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"{text!r} is not of the form key=value")
    return key.strip(), parse_literal(value.strip())


def params_class(provided: Provided) -> type[Params]:
    """The light parameter class of a component."""
    cls: type[Params] = import_object(provided.component.params)
    return cls


def build(provided: Provided, values: Mapping[str, Any]) -> Params:
    """Typed parameters from plain values; ``preset`` names a set of values that others override.

    Raises ``UsageError`` with the nearest match for an unknown key, or the reason for a bad value.
    """
    cls = params_class(provided)
    label = f"{provided.component.kind} {provided.component.name}"
    given = dict(values)
    preset = given.pop(PRESET, None) if PRESET not in cls.model_fields else None
    base: dict[str, Any] = {}
    if preset is not None:
        if preset not in cls.presets:
            raise UsageError(
                f"{label} has no preset {preset!r}{did_you_mean(str(preset), cls.presets)}"
            )
        base = dict(cls.presets[preset])
    for key in given:
        if key not in cls.model_fields:
            known = [*cls.model_fields, *([PRESET] if cls.presets else [])]
            raise UsageError(f"{label} has no parameter {key!r}{did_you_mean(key, known)}")
    try:
        return cls.model_validate(base | given)
    except ValidationError as error:
        raise UsageError(f"{label}: {explain(error)}") from None


def explain(error: ValidationError) -> str:
    """One sentence from pydantic's list of errors."""
    parts = []
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        got = "" if item["type"] in ("missing", "value_error") else f" (got {item['input']!r})"
        parts.append(f"{where}: {message}{got}" if where else message)
    return "; ".join(parts)


def external_fields(cls: type[Params]) -> dict[str, External]:
    """The fields that are paths to outside data, with what is said about them."""
    return {
        name: mark
        for name, field in cls.model_fields.items()
        for mark in _marks(field.annotation, field.metadata)
    }


def _marks(annotation: Any, metadata: Sequence[Any]) -> list[External]:
    found = [item for item in metadata if isinstance(item, External)]
    for argument in typing.get_args(annotation):
        found += [
            item for item in getattr(argument, "__metadata__", ()) if isinstance(item, External)
        ]
    return found[:1]


def public_values(params: Params) -> dict[str, Any]:
    """All values as JSON, with paths shortened to their last part: results name no machine path."""
    dumped: dict[str, Any] = params.model_dump(mode="json")
    for name in external_fields(type(params)):
        if dumped.get(name) is not None:
            dumped[name] = Path(dumped[name]).name
    shown: dict[str, Any] = _shortened(dumped)
    return shown


def _shortened(value: Any) -> Any:
    """Absolute paths by their last part, at any depth."""
    if isinstance(value, dict):
        return {key: _shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner) for inner in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def key_values(params: Params, fingerprints: Mapping[str, str]) -> dict[str, Any]:
    """The values that decide results: outside data by fingerprint, speed settings left out."""
    cls = type(params)
    dumped: dict[str, Any] = params.model_dump(mode="json")
    for name, mark in external_fields(cls).items():
        if mark.inside is None and dumped.get(name) is not None:
            dumped[name] = fingerprints[name]
    return {name: value for name, value in dumped.items() if name not in cls.neutral}
