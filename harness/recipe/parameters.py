"""From what the user wrote to a component's typed parameters, and from those to a key."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from harness._plugins.registry import RegisteredComponent
from harness._plugins.targets import import_object
from harness.components import External, Params
from harness.did_you_mean import did_you_mean
from harness.errors import UsageError
from harness.fileio.decoding import toml_table
from harness.inputs import shown
from harness.recipe.synonyms import meant

PRESET = "preset"
EXTRA = "extra_forbidden"
_LIST = ' must be a list such as [1, 2] or ["a", "b"]'
_PLAIN = {
    EXTRA: ": unknown key",
    "missing": " must be given",
    "tuple_type": _LIST,
    "list_type": _LIST,
}
"""Kinds of pydantic errors that we report in our own words."""
_PIECE = re.compile(r"""(?:"[^"]*"|'[^']*'|\[[^]]*\]|[^,])+""")
"""What is between commas, those inside quotes and one pair of brackets left alone."""


STUDY_WIDE: Mapping[str, str] = {
    key: f"write {key} into [study], or {flag}"
    for key, flag in (
        ("seed", "--seed N"), ("repeats", "--repeats N"), ("limit", "--limit N"),
        ("device", "--device DEV"), ("precision", "--precision P"), ("portable", "--portable"),
        ("on_failure", "--on-failure"), ("max_doubtful", "--max-doubtful SHARE"),
    )
}  # fmt: skip
"""Keys of ``[study]`` that are looked for in a component."""


class Word(str):
    """What a user wrote for a value, before its type is known; see :func:`typed`.

    It is the text itself, so that a folder called ``2024``, ``true`` or ``1e3`` can be named.
    """

    __slots__ = ()


def parse_literal(text: str) -> Any:
    """One TOML literal; a bare word is a string, so no shell needs quotes."""
    try:
        return toml_table(f"value = {text}")["value"]
    except ValueError:
        return str(text)


def parse_assignment(text: str) -> tuple[str, Word]:
    """``key=value`` to the key and its value; raises ``UsageError`` without an equals sign."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"{text!r} is not of the form key=value")
    return key.strip(), Word(value.strip())


def parse_sweep(text: str) -> tuple[str, list[Any]]:
    """``key=a,b,c`` to the key and its values; commas inside brackets and quotes do not part."""
    key, equals, values = text.partition("=")
    if not equals or not key.strip() or not values.strip():
        raise UsageError(f"{text!r} is not of the form key=a,b,c")
    return key.strip(), [Word(value.strip()) for value in _PIECE.findall(values)]


def typed(cls: type[BaseModel] | None, key: str, value: Any) -> Any:
    """A value as the parameter ``key`` wants it: text for text and paths, else a TOML literal.

    Only a :class:`Word` is changed. Quotes around a text are dropped, as TOML does.
    """
    if not isinstance(value, Word):
        return value
    literal = parse_literal(value)
    field = None if cls is None else cls.model_fields.get(key)
    wants_text = key == PRESET if field is None else _is_text(field.annotation)
    return str(value) if wants_text and not isinstance(literal, str) else literal


def _is_text(annotation: Any) -> bool:
    """Whether only text, a path or one of some words will do, or nothing at all."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _is_text(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) is Literal:
        return all(isinstance(choice, str) for choice in typing.get_args(annotation))
    kinds = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return all(map(_is_text, kinds))
    return isinstance(annotation, type) and issubclass(annotation, str | Path)


def params_class(provided: RegisteredComponent) -> type[Params]:
    """The light parameter class of a component."""
    cls: type[Params] = import_object(provided.component.params)
    return cls


def build(
    provided: RegisteredComponent, values: Mapping[str, Any], origins: Mapping[str, str] = {}
) -> Params:
    """Typed parameters from plain values; ``preset`` names a set of values that others override.

    A key with dots sets one value inside a parameter and leaves the others of it: ``a.b`` inside
    ``a``, or inside ``a_params`` where that exists (``source.identities``). Raises ``UsageError``
    with its source, and the nearest match for an unknown key or the reason for a bad value.
    """
    cls = params_class(provided)
    label = f"{provided.component.kind} {provided.component.name}"
    given = {key: typed(cls, key, value) for key, value in values.items()}
    preset = given.pop(PRESET, None) if PRESET not in cls.model_fields else None
    base: dict[str, Any] = {}
    if preset is not None:
        if not isinstance(preset, str) or preset not in cls.presets:
            raise UsageError(f"{_said(origins, PRESET)}{label} has no preset {preset!r}"
                             f"{did_you_mean(str(preset), cls.presets)}")  # fmt: skip
        base = dict(cls.presets[preset])
    for key, value in given.items():
        field = field_of(cls, key)
        if field is None:
            known = [*cls.model_fields, *([PRESET] if cls.presets else [])]
            raise UsageError(
                f"{_said(origins, key)}{label} has no parameter {key!r}"
                f"{_hint(key, known, provided.component.name)}"
            )
        inner = key.partition(".")[2]
        base[field] = _inside(base.get(field), inner.split("."), value) if inner else value
    _require_sizes(base, origins, label)
    try:
        return cls.model_validate(base)
    except ValidationError as error:
        where = str((error.errors()[0]["loc"] or ("",))[0])
        said = next((key for key in given if field_of(cls, key) == where), where)
        raise UsageError(f"{_said(origins, said)}{label}: {explain(error)}") from None


def _hint(key: str, known: Sequence[str], component: str) -> str:
    """What an unknown parameter should be: one of the study, a synonym, or what is spelled so."""
    if place := STUDY_WIDE.get(key):
        return f"; it is a setting of the whole study: {place}"
    if names := meant(key, known):
        return f", did you mean {' or '.join(map(repr, names))}?"
    return did_you_mean(key, known, f"harness show {component}")


def _require_sizes(values: Mapping[str, Any], origins: Mapping[str, str], label: str) -> None:
    """Raise ``UsageError`` for a number that no array, file or seed can hold."""
    for key, value in values.items():
        inner = list(value.values()) if isinstance(value, dict) else value
        for number in inner if isinstance(inner, list) else [inner]:
            if isinstance(number, int) and abs(number) >= 1 << 63:
                raise UsageError(
                    f"{_said(origins, key)}{label}: {key} has a number of more than 63 bits"
                )


def field_of(cls: type[Params], key: str) -> str | None:
    """The parameter that a key of a recipe sets, itself or a value inside it; None if unknown."""
    head, dot, _ = key.partition(".")
    if dot and f"{head}_params" in cls.model_fields:
        return f"{head}_params"
    return head if head in cls.model_fields else None


def _inside(old: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value
    inner = dict(old) if isinstance(old, Mapping) else {}
    return inner | {path[0]: _inside(inner.get(path[0]), path[1:], value)}


def _said(origins: Mapping[str, str], key: str) -> str:
    return f"{origins[key]}: " if key in origins else ""


def explain(error: ValidationError) -> str:
    """One sentence from pydantic's list of errors."""
    parts = []
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        if item["type"] in _PLAIN:
            parts.append(where + _PLAIN[item["type"]])
            continue
        message = item["msg"].removeprefix("Value error, ")
        got = "" if item["type"] == "value_error" else f" (got {item['input']!r})"
        parts.append(f"{where}: {message}{got}" if where else message)
    return "; ".join(parts)


def external_fields(cls: type[Params]) -> dict[str, External]:
    """The fields that are paths to outside data, with their description."""
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
    short: dict[str, Any] = _shortened(dumped)
    return short


def _shortened(value: Any) -> Any:
    """Absolute paths by their last part, and file names as valid text, at any depth."""
    if isinstance(value, dict):
        return {key: _shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner) for inner in value]
    if not isinstance(value, str):
        return value
    return shown(Path(value).name if Path(value).is_absolute() else value)


def key_values(params: Params, fingerprints: Mapping[str, str]) -> dict[str, Any]:
    """The values that decide results: outside data by fingerprint, speed settings left out."""
    cls = type(params)
    dumped: dict[str, Any] = params.model_dump(mode="json")
    for name, mark in external_fields(cls).items():
        if mark.inside is None and dumped.get(name) is not None:
            dumped[name] = in_key(mark, fingerprints[name])
    return keyed(cls, dumped)


def in_key(mark: External, fingerprint: str) -> str:
    """What stands in a key for outside data: its fingerprint, and how it is read."""
    return fingerprint + (f"+reader{mark.reader}" if mark.reader > 1 else "")


def keyed(cls: type[Params], values: Mapping[str, Any]) -> dict[str, Any]:
    """Of values as JSON those that enter a key: not ``neutral``, not ``added`` at its old value.

    A class inherits what its bases list in ``added``.
    """
    # A parameter that a later release adds must not change the keys of what was made without it:
    # at the value that all had before it is left out.
    before: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        before |= vars(base).get("added", {})
    return {
        name: value
        for name, value in values.items()
        if name not in cls.neutral and (name not in before or value != before[name])
    }
