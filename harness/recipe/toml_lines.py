"""At which line of a TOML text a value stands; ``tomllib`` does not say."""

from __future__ import annotations

import re
from collections.abc import Iterable

Path = tuple[str | int, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_TOKEN = re.compile(r"""\"\"\"|'''|"(?:[^"\\]|\\.)*"|'[^']*'|#.*|[\[\]{}]""")
"""What opens or closes something; strings of one line and comments are tokens as a whole."""

_QUOTES = {'"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*"{3,5}'), "'''": re.compile(".*?'{3,5}")}
"""By what opens a string of several lines, the rest of it if it ends in this line."""


class Places:
    """Line numbers, from 1, of the tables and keys of a valid TOML text."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        lines, number, table = text.split("\n"), 0, Path()
        while number < len(lines):
            header, key = _HEADER.match(lines[number]), _KEY.match(lines[number])
            if header:
                table = self._table(_parts(header[2]), array=header[1] == "[[")
                self._note(table, number + 1)
            elif key:
                self._note((*table, *_parts(key[1])), number + 1)
                number = _last_line(lines, number)
            number += 1

    def line(self, path: Iterable[str | int]) -> int | None:
        """Line of a value, or of the innermost table around it that has one of its own."""
        wanted = tuple(path)
        while wanted and wanted not in self._lines:
            wanted = wanted[:-1]
        return self._lines.get(wanted)

    def _table(self, parts: list[str], *, array: bool) -> Path:
        path: Path = ()
        for position, part in enumerate(parts):
            path = (*path, part)
            if array and position == len(parts) - 1:
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _note(self, path: Path, number: int) -> None:
        for end in range(1, len(path) + 1):
            self._lines.setdefault(path[:end], number)


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_PART, dotted)]


def _last_line(lines: list[str], first: int) -> int:
    """Index of the last line of the value that begins in line ``first``; looks at no line twice."""
    depth, quote = 0, ""
    for last in range(first, len(lines)):
        line, at = lines[last], 0
        while found := (_QUOTES[quote].match if quote else _TOKEN.search)(line, at):
            mark, at = found[0], found.end()
            if quote:
                quote = ""
            elif mark in _QUOTES:
                quote = mark
            elif mark in "[{":
                depth += 1
            elif mark in "]}":
                depth -= 1
        if depth == 0 and not quote:
            return last
    return first
