"""Hooks, the promised names of ``harness.plugin`` and the Python interface, from the code."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from typing import Any

from component_pages import plain

import harness
import harness.plugin
from harness import components, hookspecs
from harness.plugin._lazy import promised

HOOKS = (
    "A plugin is a module with functions of these names, each marked with "
    "`@harness.plugin.hookimpl`. It takes those arguments that it names. "
    "[Writing a plugin](../plugins.md) says how it is found."
)
PYTHON = "The command is a thin layer over these; plugins import [the contract](contract.md)."
CONTRACT = (
    "What `harness.plugin` promises, by module. The contract has version "
    f"{components.API}; plugins written for version {components.OLDEST_API} or later load. "
    "[Writing a plugin](../plugins.md) explains the parts."
)


def pages() -> dict[str, str]:
    """Markdown by page name: the hooks, a page for each module of the contract, and Python."""
    groups = modules()
    return {
        "hooks": _hooks(),
        "contract": _contract(groups),
        **{page_name(module): _group(module) for module in groups},
        "python": _python(),
    }


def modules() -> list[str]:
    """The modules of the contract, the common one first."""
    found = pkgutil.iter_modules(harness.plugin.__path__)
    return ["harness.plugin", *(f"harness.plugin.{m.name}" for m in found if m.name[0] != "_")]


def page_name(module: str) -> str:
    """The page of a module of the contract, below ``reference/``."""
    return module.replace(".", "-")


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


def _contract(groups: list[str]) -> str:
    rows = [
        f"| [`{module}`]({page_name(module)}.md) | {_summary(module)} | {len(promised(module))} |"
        for module in groups
    ]
    toctree = ["```{toctree}", ":hidden:", *map(page_name, groups), "```"]
    head = ["| module | for | names |", "|---|---|---|"]
    return "\n".join(["# The contract", "", CONTRACT, "", *head, *rows, "", *toctree, ""])


def _summary(module: str) -> str:
    return _about(importlib.import_module(module).__doc__).partition("\n")[0]


def _group(module: str) -> str:
    lines = [f"# `{module}`", "", _summary(module), ""]
    homes = promised(module)
    for name in sorted(homes, key=lambda name: (not name[0].isupper(), name.lower())):
        value = getattr(importlib.import_module(homes[name]), name)
        if inspect.isclass(value):
            lines += _class(name, value)
        elif inspect.isfunction(value):
            lines += _callable(name, value, "##")
        else:
            lines += [f"## `{name}`", "", _constant(value), ""]
    return "\n".join(lines)


def _constant(value: Any) -> str:
    if isinstance(value, frozenset):
        return f"`{sorted(value)!r}`"
    return f"`{value!r}`" if isinstance(value, (str, int, float, tuple)) else "A type or a marker."


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
