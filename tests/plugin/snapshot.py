"""The promised names with their signatures, as text: ``make contract`` writes it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import pydantic

import harness
import harness.plugin
from harness._deprecated import Deprecated
from harness.plugin._lazy import promised

FILE = Path(__file__).with_name("contract.txt")
HEAD = (
    "# What harness.plugin promises. Written by `make contract`; tests/plugin/test_contract.py\n"
    "# compares. A change of it needs a line in CHANGELOG.md.\n"
)


def modules() -> list[str]:
    """Every public module of the contract."""
    found = pkgutil.iter_modules(harness.plugin.__path__)
    groups = [f"harness.plugin.{module.name}" for module in found if module.name[0] != "_"]
    return ["harness.plugin", *groups]


def written() -> str:
    """The whole contract as text."""
    parts = [HEAD]
    for module in modules():
        deprecated = getattr(importlib.import_module(module), "DEPRECATED", {})
        parts.append(f"\n[{module}]\n")
        for name, home in sorted(promised(module).items()):
            value = getattr(importlib.import_module(home), name)
            parts += [f"{line}\n" for line in about(name, value)]
            parts += [f"    {told(deprecated[name])}\n"] if name in deprecated else []
    parts.append("\n[harness]\n")
    parts += [f"{name}\n    {told(old)}\n" for name, old in sorted(harness.DEPRECATED.items())]
    return "".join(parts)


def told(old: Deprecated) -> str:
    return f"deprecated in {old.since}, gone in {old.gone_in}: now {old.instead}"


def about(name: str, value: Any) -> list[str]:
    """One line for a function or a constant; for a class its public members too."""
    if inspect.isclass(value):
        return [class_line(name, value), *(f"    {line}" for line in members(value))]
    if inspect.isfunction(value):
        return [f"def {name}{signature(value)}"]
    if isinstance(value, (str, int, float, tuple)):
        return [f"{name} = {value!r}"]
    if isinstance(value, frozenset):
        return [f"{name} = {sorted(value)!r}"]
    return [f"{name}: {plain(value)}" if hasattr(value, "__origin__") else f"{name}: {kind(value)}"]


def kind(value: Any) -> str:
    return type(value).__name__


def class_line(name: str, cls: type) -> str:
    bases = ", ".join(base.__name__ for base in cls.__bases__ if base is not object)
    return f"class {name}({bases})" if bases else f"class {name}"


def members(cls: type) -> Iterator[str]:
    """Constructor, fields, properties and methods; what a promised base class has is told there."""
    constructor = own_constructor(cls)
    if constructor is not None:
        yield f"{signature(constructor)}"
    taken = inspect.signature(constructor).parameters if constructor is not None else {}
    yield from sorted(f"{name}: {kind}" for name, kind in fields(cls).items() if name not in taken)
    for name in sorted(own_names(cls)):
        value = inspect.getattr_static(cls, name)
        if isinstance(value, property) or kind(value) == "cached_property":
            yield f"{name}: property"
        elif isinstance(value, (classmethod, staticmethod)):
            yield f"{kind(value)} {name}{signature(value.__func__)}"
        elif inspect.isfunction(value):
            yield f"def {name}{signature(value)}"


def own_constructor(cls: type) -> Any:
    """The constructor that we wrote or a dataclass made; parameters of pydantic are fields."""
    ours = "__init__" in {name for base in lineage(cls) for name in vars(base)}
    if not ours or issubclass(cls, (pydantic.BaseModel, Enum)) or getattr(cls, "_is_protocol", 0):
        return None
    return cls.__init__


@cache
def promised_classes() -> frozenset[type]:
    values = [
        getattr(importlib.import_module(home), name)
        for module in modules()
        for name, home in promised(module).items()
    ]
    return frozenset(value for value in values if inspect.isclass(value))


def lineage(cls: type) -> list[type]:
    """The class and its base classes that are ours, less the promised ones and theirs."""
    promised_above = [base for base in cls.__mro__[1:] if base in promised_classes()]
    above = {base for up in promised_above for base in up.__mro__}
    ours = [base for base in cls.__mro__ if base.__module__.split(".")[0] == "harness"]
    return [base for base in ours if base not in above]


def fields(cls: type) -> dict[str, str]:
    """Public annotated names, with their types as they are written."""
    found: dict[str, str] = {}
    for base in reversed(lineage(cls)):
        found |= {n: str(a) for n, a in vars(base).get("__annotations__", {}).items()}
    return {name: kind for name, kind in found.items() if not name.startswith("_")}


def own_names(cls: type) -> set[str]:
    """Public methods and properties, and the operators that a class defines."""
    found = {name for base in lineage(cls) for name in vars(base)}
    operators = ("__len__", "__getitem__", "__call__", "__iter__")
    return {name for name in found if not name.startswith("_") or name in operators}


class Written(str):
    """An annotation as it is written in the source."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self).strip("'\"")


def signature(function: Any) -> str:
    """Parameters and result; annotations as they are written, defaults without addresses."""
    found = inspect.signature(inspect.unwrap(function))
    parameters = [
        each if each.annotation is each.empty else each.replace(annotation=Written(each.annotation))
        for each in found.parameters.values()
    ]
    result = found.return_annotation
    result = result if result is found.empty else Written(result)
    return plain(found.replace(parameters=parameters, return_annotation=result))


def plain(value: Any) -> str:
    """Text that is the same in every process and version of Python."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value)).replace("pathlib._local.", "pathlib.")


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8", newline="\n")
    sys.stdout.write(f"wrote {FILE}\n")
