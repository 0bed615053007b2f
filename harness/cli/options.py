"""Options that several verbs share, and those of a run from its declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from harness._plugins.discovery import load
from harness._plugins.registry import Registry
from harness._plugins.single_files import plugin_files
from harness.cli.completion import names_of
from harness.recipe.run_options import (
    Declared,
    Flag,
    RecipeFlags,
    RunOptions,
    declared,
    plugin_places,
)

Command = TypeVar("Command", bound=Callable[..., Any])


def open_registry(obj: dict[str, Any], recipe: Path | str | None = None) -> Registry:
    """The registry as the global options want it."""
    places = plugin_places(obj["plugins_dirs"], recipe)
    return load(disabled=obj["disabled"], plugins_dirs=places)


def files_of(obj: dict[str, Any], recipe: Path | str | None = None) -> tuple[Path, ...]:
    """Single-file plugins, for worker processes."""
    return plugin_files(plugin_places(obj["plugins_dirs"], recipe))


SETTINGS = tuple(item.name for item in fields(RecipeFlags))
"""Fields that say what is to be made, in the order of the help page."""


def run_flags(*names: str) -> Callable[[Command], Command]:
    """The flags of these fields of a run, in this order."""
    by_name = {item.name: item for item in declared()}

    def decorate(command: Command) -> Command:
        options = [_option(*spelt) for name in names for spelt in _flags(by_name[name])]
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def run_options(obj: dict[str, Any], options: dict[str, Any]) -> RunOptions:
    """What the flags of a verb and the global ones say; fields without a flag keep defaults."""
    given: dict[str, Any] = dict(obj)
    for item in declared():
        for dest, flag, _ in _flags(item):
            if dest not in options:
                continue
            if flag.entry is None:
                given[item.name] = options[dest]
            elif options[dest]:
                _enter(given.setdefault(item.name, {}), flag, options[dest])
    return RunOptions(**given)


def _enter(found: dict[str, Any], flag: Flag, texts: Iterable[str]) -> None:
    """Add entries to a mapping, each where it was given last."""
    assert flag.entry is not None, "asked for above"
    inner = found.setdefault(flag.inner, {}) if flag.inner else found
    for text in texts:
        key, value = flag.entry(text)
        inner.pop(key, None)
        inner[key] = value


def _flags(item: Declared) -> Iterator[tuple[str, Flag, Declared]]:
    """The flags of a field, each with the name click gives its value."""
    for number, flag in enumerate(item.flags):
        yield (f"{item.name}_{number}" if flag.entry else item.name), flag, item


def _option(dest: str, flag: Flag, item: Declared) -> Any:
    """A flag of a run as click wants it."""
    default = item.default if flag.default is None else flag.default
    more: dict[str, Any] = {"type": _type(flag, item)}
    if item.type is bool:
        more = {"is_flag": True, "default": default}
    elif item.type in (tuple, dict):
        more["multiple"] = True
    elif default is not None:
        more |= {"default": default, "show_default": True}
    if flag.completes:
        more["shell_complete"] = names_of(flag.completes)
    return click.option(*flag.names, dest, help=flag.help, metavar=flag.metavar, **more)


def _type(flag: Flag, item: Declared) -> Any:
    if flag.choices:
        return click.Choice(flag.choices)
    if flag.least is not None:
        return click.IntRange(min=flag.least)
    if item.type is Path:
        return click.Path(file_okay=flag.metavar != "DIR", path_type=Path)
    return item.type if item.type in (int, float) else str
