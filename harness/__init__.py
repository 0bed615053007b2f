"""Benchmark face recognition trained on synthetic faces."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.api import load_study, run
    from harness.components import (
        Aligner,
        Benchmark,
        Component,
        Generator,
        Model,
        Params,
        TrainableModel,
    )
    from harness.hookspecs import hookimpl

__all__ = [
    "Aligner",
    "Benchmark",
    "Component",
    "Generator",
    "Model",
    "Params",
    "TrainableModel",
    "__version__",
    "hookimpl",
    "load_study",
    "run",
]

_HOME = {
    "hookimpl": "harness.hookspecs",
    "load_study": "harness.api",
    "run": "harness.api",
}


def __getattr__(name: str) -> Any:
    # Lazy, so that `harness --help` pays for nothing it does not show.
    if name == "__version__":
        from importlib.metadata import version

        return version("synthface-harness")
    if name in __all__:
        return getattr(import_module(_HOME.get(name, "harness.components")), name)
    raise AttributeError(f"module 'harness' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
