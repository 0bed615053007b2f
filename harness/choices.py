"""Choices of a user that are modules of one folder, so that adding one is adding its file."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TypeVar, cast

T = TypeVar("T")


class Choices(Mapping[str, T]):
    """The public modules of ``package`` by name, each with what it calls ``attribute``.

    Names are read from the folder, so they cost no import of the package or of a module; a value
    is imported when it is asked for. Files that begin with an underscore are not offered as
    choices.
    """

    def __init__(self, package: str, attribute: str) -> None:
        self.package, self.attribute = package, attribute

    def __iter__(self) -> Iterator[str]:
        spec = find_spec(self.package)
        folders = (spec.submodule_search_locations if spec else None) or []
        return iter(sorted(m.name for m in iter_modules(folders) if not m.name.startswith("_")))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return any(name == known for known in self)

    def __getitem__(self, name: str) -> T:
        if name not in self:
            raise KeyError(name)
        module = importlib.import_module(f"{self.package}.{name}")
        return cast(T, getattr(module, self.attribute))
