"""A JSON Schema of parameters in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

UNITS = {
    "deg": "degrees",
    "px": "pixels",
    "s": "seconds",
    "std": "standard deviations",
    "steps": "steps",
    "epochs": "epochs",
    "probability": "probability, 0 to 1",
}
"""What the last word of a parameter's name says about its unit."""

LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minItems": "at least {} values",
    "maxItems": "at most {} values",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matching `{}`",
}


def type_text(schema: Schema) -> str:
    """What kind of value is wanted; types with fields of their own link to their section."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return literal(schema["const"])
    if "enum" in schema:
        return " or ".join(literal(value) for value in schema["enum"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(type_text(one) for one in schema[several]))
    return _plain(schema)


def _plain(schema: Schema) -> str:
    kind = schema.get("type")
    if kind == "array":
        if "prefixItems" in schema:
            return f"list of ({', '.join(type_text(one) for one in schema['prefixItems'])})"
        return f"list of {type_text(schema.get('items', {}))}"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"table of {type_text(inner)}" if isinstance(inner, dict) and inner else "table"
    if kind == "string" and schema.get("format") in ("path", "file-path", "directory-path"):
        return "path"
    names = {"string": "text", "boolean": "`true` or `false`", "null": "nothing"}
    return names.get(str(kind), str(kind) if kind else "any value")


def limits(schema: Schema) -> list[str]:
    """The bounds of a value, also of its one alternative beside nothing."""
    found = [text.format(_bare(schema[key])) for key, text in LIMITS.items() if key in schema]
    if "prefixItems" in schema:  # the count is what the type says already
        found = []
    for alternative in schema.get("anyOf", ()):
        found += limits(alternative)
    return found


def unit(name: str) -> str:
    """The unit that a parameter's name states, or nothing."""
    return UNITS.get(name.rsplit("_", 1)[-1], "") if "_" in name else ""


def literal(value: Any) -> str:
    """A value as a recipe would hold it; without one, a dash."""
    return "nothing" if value is None else f"`{_bare(value)}`"


def _bare(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)


def entry(name: str, schema: Schema, required: bool) -> str:
    """Type, default, unit and bounds of one parameter, in a line."""
    default = "required" if required else f"default {literal(schema.get('default'))}"
    return " · ".join(filter(None, [type_text(schema), default, unit(name), *limits(schema)]))
