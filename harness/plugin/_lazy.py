"""Re-exports that load nothing until a name is used.

A module of :mod:`harness.plugin` lists what it promises once, as imports under ``TYPE_CHECKING``,
where editors and type checkers find them. The same list, read from the source, is what the module
gives at run time.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from harness._deprecated import Deprecated

Exports = tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]
NONE: Mapping[str, Deprecated] = MappingProxyType({})


def exports(module: str, deprecated: Mapping[str, Deprecated] = NONE) -> Exports:
    """``__getattr__``, ``__dir__`` and ``__all__`` of a module with promised names.

    ``deprecated`` are those of its names that are about to go; using one emits a warning.
    """
    homes = promised(module)
    names = sorted(homes)

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        if name in deprecated:
            deprecated[name].warn(f"{module}.{name}")
        return getattr(import_module(homes[name]), name)

    return load, lambda: names, [name for name in names if name not in deprecated]


def promised(module: str) -> dict[str, str]:
    """Each promised name of a module, and the module that defines it."""
    spec = sys.modules[module].__spec__ if module in sys.modules else find_spec(module)
    source = spec.loader.get_source(module) if spec and spec.loader else ""  # type: ignore[attr-defined]
    (block,) = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    return {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
