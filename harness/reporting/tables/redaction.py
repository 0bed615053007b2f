"""No folder of the machine that ran a study is in its report: of a path the name is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.results.schema import Result

STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
ANCHORED = re.compile(r"^(?:[/~\\]|\.\.?[/\\]|[A-Za-z]:[/\\])")
QUOTED = re.compile(r"""(["'])(?:/|~/|[A-Za-z]:[\\/])[^"'\n]*\1""")
BARE = re.compile(r"""(?<![\w.:/\\…])(?:~?/|[A-Za-z]:\\)[^\s"':;,<>()|]*[/\\][^\s"':;,<>()|]+""")


def recipe(text: str, shown: Collection[str]) -> str:
    """The TOML of a study with every path shortened to its name; it still parses.

    ``shown`` are the values that results show: a relative path whose name is among them is outside
    data, too. A name of a plugin or of a published row keeps its slash.
    """

    def short(found: re.Match[str]) -> str:
        try:
            value: str = json.loads(found[0])
        except ValueError:
            return found[0]
        named = name(value)
        outside = ANCHORED.match(value) or (named in shown and value not in shown)
        return json.dumps(named, ensure_ascii=False) if outside else found[0]

    return STRING.sub(short, text)


def message(text: str) -> str:
    """A message or a traceback with every absolute path shortened to its name."""
    quoted = QUOTED.sub(lambda found: f"{found[1]}…/{name(found[0][1:-1])}{found[1]}", text)
    return BARE.sub(lambda found: f"…/{name(found[0])}", quoted)


def name(path: str) -> str:
    """The last part of a path of any system."""
    return PureWindowsPath(path.rstrip("/\\")).name


def shown_values(results: Collection[Result]) -> set[str]:
    """Every text among the parameters of the components of these results."""
    found: set[str] = set()
    seen: set[str] = set()
    for result in results:
        cell = result.cell
        for use in (cell.generator, cell.model, cell.benchmark, cell.aligner):
            if use is not None and use.key not in seen:
                seen.add(use.key)
                found.update(_texts(use.params))
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str) and value:
        yield value
