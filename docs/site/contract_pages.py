"""Hooks, base classes and the Python interface, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from types import ModuleType
from typing import Any

from component_pages import plain

import harness
from harness import components, extensions, hookspecs, lifecycle

HOOKS = (
    "A plugin is a module with functions of these names, each marked with `@harness.hookimpl`. It "
    "takes those arguments that it names. [Writing a plugin](../plugins.md) says how it is found."
)
PYTHON = (
    "The command is a thin layer over these; plugins import the [base classes](contract.md) from "
    "`harness`, too."
)
CONTRACT = (
    "What `harness.components` gives to plugins. The contract has version "
    f"{components.API}; plugins written for version {components.OLDEST_API} or later load."
)
EXTENSIONS = (
    "What `harness.extensions` gives to plugins that say where work is done or who watches it."
)
LIFECYCLE = (
    "The records of `harness.lifecycle` that [hooks](hooks.md) of a study at work are given. They "
    "only grow, at their end."
)


def pages() -> dict[str, str]:
    """Markdown by page name."""
    return {
        "hooks": _hooks(),
        "contract": _classes("Base classes", components, CONTRACT),
        "extensions": _classes("Executors and trackers", extensions, EXTENSIONS),
        "lifecycle": _classes("What hooks are told", lifecycle, LIFECYCLE),
        "python": _python(),
    }


def hook_names() -> list[str]:
    """Every hook of the contract, in the order of its module."""
    return [name for name in vars(hookspecs) if name.startswith("harness_")]


def _hooks() -> str:
    lines = [
        "# Hooks",
        "",
        HOOKS,
        "",
    ]
    for name in hook_names():
        lines += _callable(name, getattr(hookspecs, name), "##")
    return "\n".join(lines)


def _classes(title: str, module: ModuleType, about: str) -> str:
    lines = [f"# {title}", "", about, ""]
    for name in class_names(module):
        lines += _class(name, getattr(module, name))
    return "\n".join(lines)


def class_names(module: ModuleType) -> list[str]:
    """The public classes that a module or its parts define, in its order."""
    return [
        name
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and value.__module__.startswith(module.__name__)
        and name[0] != "_"
    ]


def _python() -> str:
    lines = [
        "# From Python",
        "",
        PYTHON,
        "",
    ]
    for name in ("run", "load_study"):
        lines += _callable(f"harness.{name}", getattr(harness, name), "##")
    return "\n".join(lines)


def _class(name: str, cls: type) -> list[str]:
    lines = [f"## `{name}`", "", _about(cls.__doc__), ""]
    annotations = vars(cls).get("__annotations__", {})
    values = vars(cls)
    for field, kind in annotations.items():
        if not field.startswith(("_", "model_config")):
            value = values.get(field)
            default = f" = {value!r}" if isinstance(value, (str, int, float, tuple)) else ""
            lines += [f"- `{field}: {kind}{default}`"]
    lines += [""]
    for method, value in values.items():
        if method.startswith("_"):
            continue
        if isinstance(value, property):
            lines += [f"### `{name}.{method}`", "", "A property. " + _about(value.__doc__), ""]
        elif inspect.isfunction(value):
            lines += _callable(f"{name}.{method}", value, "###")
    return lines


def _callable(name: str, function: Any, level: str) -> list[str]:
    signature = str(inspect.signature(function)).replace("'", "")
    shown = f"{name.rsplit('.', 1)[-1]}{signature}"
    if len(shown) > 88:
        shown = shown.replace("(", "(\n    ", 1).replace(", ", ",\n    ")
    return [f"{level} `{name}`", "", "```python", shown, "```", "", _about(function.__doc__), ""]


def _about(docstring: str | None) -> str:
    """A docstring as Markdown: roles become code, paragraphs stay."""
    text = inspect.cleandoc(docstring or "")
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")
    return plain(text)
