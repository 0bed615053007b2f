"""Decoding of JSON and TOML that somebody else wrote: what is wrong with it is a ``ValueError``.

The decoders of the standard library raise ``RecursionError`` for deeply nested text, take time that
grows with the square of a dotted key's length, and give values that are too deep for what comes
after them. No file of this project is nested that deeply.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from pydantic_core import ValidationError, from_json

DEEPEST = 64
"""Levels of tables and arrays in a TOML text; a recipe has about six."""

TOO_DEEP = f"it is nested too deeply, more than {DEEPEST} levels"
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_-])(?:{_PART}[ \t]*+\.[ \t]*+){{{DEEPEST}}}")


def json_value(content: str | bytes) -> Any:
    """The decoded JSON; raises ``ValueError`` where it is not JSON or is nested too deeply."""
    if isinstance(content, str):
        content = content.encode()
    return from_json(content)  # refuses more than 200 levels, and halves of surrogate pairs


def reason(error: Exception) -> str:
    """One line that says what is wrong with a file."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]).replace("schema_", "schema")
        text = first["msg"].removeprefix("Value error, ")
        return f"{where}: {text}" if where else text
    return " ".join(str(error).split())


def toml_table(text: str) -> dict[str, Any]:
    """The decoded TOML; raises ``ValueError`` where it is not TOML or is nested too deeply."""
    if _LONG_KEY.search(text):  # tomllib's time and memory grow with the square of its length
        raise ValueError(TOO_DEEP)
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    if _too_deep(table):
        raise ValueError(TOO_DEEP)
    return table


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, (dict, list))
        ]
    return bool(level)
