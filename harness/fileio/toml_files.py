r"""TOML files of users, with what most often goes wrong in them said in the message.

A Windows path in double quotes is the usual case: ``"C:\data"`` is not TOML, and ``"C:\temp"`` is
TOML that holds a tab.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.fileio.decoding import toml_table
from harness.fileio.texts import read_text

MOST_BYTES = 1 << 20
"""The largest recipe of the repository has 20 kB."""

_QUOTES = "\u201c\u201d\u2018\u2019"
_PATH_HINT = r"a backslash in double quotes begins an escape; write the path in single quotes, '{}'"
_EATEN = re.compile(r"[A-Za-z]:[\b\t\n\f\r\x1b]")
"""A drive followed by what an escape made of the backslash and the next letter."""


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """The values of a TOML file and its text; raises DataError with file, line and a hint."""
    text = read_text(path, MOST_BYTES)
    return parse_toml(text, path), text


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """The values of a TOML text, which came from ``path``; raises DataError with line and hint."""
    try:
        values = toml_table(text)
    except ValueError as error:
        raise DataError(f"{path} is not TOML: {error}{_hint(text, str(error))}") from None
    if eaten := _eaten(values):
        raise DataError(f"{path}: {eaten!r} holds a control character: "
                        f"{_PATH_HINT.format(_shown(eaten))}")  # fmt: skip
    return values


def _hint(text: str, reason: str) -> str:
    found = re.search(r"line (\d+)", reason)
    rows = text.split("\n")
    row = rows[min(int(found[1]), len(rows)) - 1] if found else rows[-1]
    path = re.search(r'"([^"\n]*\\[^"\n]*)"', row)
    if path:
        return "; " + _PATH_HINT.format(path[1])
    if any(mark in row for mark in _QUOTES):
        return "; the line has typographic quotes, write straight ones"
    if "\u00a0" in row:
        return "; the line has a no-break space, write a plain one"
    return ""


def _eaten(value: Any) -> str:
    """The first text that was a Windows path before its escapes were resolved, else empty."""
    if isinstance(value, str):
        return value if _EATEN.match(value) else ""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for item in inner if (found := _eaten(item))), "")


def _shown(eaten: str) -> str:
    """The path as it was most likely written."""
    letters = {"\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r", "\x1b": "e"}
    return "".join(f"\\{letters[c]}" if c in letters else c for c in eaten)
