"""Benchmark face recognition trained on synthetic faces."""

from __future__ import annotations

import sys


def _leave_current_folder() -> None:
    """Under ``python -m harness``: import nothing from the current folder, as ``harness`` does not.

    ``python -m`` puts that folder before all others, with every package, plugin and module in it.
    """
    started_by_module = sys.argv[:1] == ["-m"] and not sys.flags.safe_path
    if started_by_module:
        target = sys.orig_argv[len(sys.orig_argv) - len(sys.argv)]
        if target == "harness" or (target[:1] == "-" and target.endswith("mharness")):
            del sys.path[0]


_leave_current_folder()  # before any other import

from importlib import import_module  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

from harness._moved import install  # noqa: E402

install()

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
