"""Imports of a plugin from parts of ``harness`` that are not promised."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from harness import plugin
from harness._plugins.targets import source_file
from harness.components import Component
from harness.plugin._lazy import promised

CONTRACT = plugin.__name__
FOR_SCRIPTS = ("__version__", "load_study", "run")
"""What is promised of ``harness`` itself."""


def unpromised(component: Component) -> list[str]:
    """Each import that may break with any release: file, line, name, and the promised place of it.

    The files are those beside the class of the component, and below. Empty where there are none.
    """
    file = source_file(component.target.partition(":")[0])
    if file is None:
        return []
    beside = sorted(file.parent.rglob("*.py")) if (file.parent / "__init__.py").exists() else [file]
    known = _homes()
    return [
        f"{path.name}:{line} imports {module}.{name}, which is not promised"
        + (f"; import it from {known[name]}" if name in known else "")
        for path in beside
        for line, module, name in _foreign(path)
    ]


def _foreign(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line, module and name of imports from ``harness`` that are not from the contract."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            module = node.module
            found = [(module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found = [alias.name.rpartition(".")[::2] for alias in node.names]
        else:
            continue
        for module, name in found:
            if module.split(".")[0] == "harness" and not _is_promised(module, name):
                yield node.lineno, module, name


def _is_promised(module: str, name: str) -> bool:
    whole = f"{module}.{name}."
    scripts = module == "harness" and name in FOR_SCRIPTS
    return scripts or (whole.startswith(f"{CONTRACT}.") and "._" not in whole)


def _homes() -> dict[str, str]:
    """Each promised name and the module of the contract that has it."""
    groups = [f"{CONTRACT}.{m.name}" for m in pkgutil.iter_modules(plugin.__path__)]
    every = (CONTRACT, *(group for group in groups if "._" not in group))
    return {name: module for module in every for name in promised(module)}
