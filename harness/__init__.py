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

from harness._deprecated import Deprecated  # noqa: E402
from harness._moved import install  # noqa: E402

install()

if TYPE_CHECKING:
    from harness.api import load_study as load_study
    from harness.api import run as run
    from harness.components import Aligner as Aligner
    from harness.components import Benchmark as Benchmark
    from harness.components import Component as Component
    from harness.components import Generator as Generator
    from harness.components import Model as Model
    from harness.components import Params as Params
    from harness.components import TrainableModel as TrainableModel
    from harness.hookspecs import hookimpl as hookimpl

__all__ = ["__version__", "load_study", "run"]

DEPRECATED = {
    "Aligner": Deprecated("0.1", "harness.plugin.aligners.Aligner"),
    "Benchmark": Deprecated("0.1", "harness.plugin.benchmarks.Benchmark"),
    "Component": Deprecated("0.1", "harness.plugin.Component"),
    "Generator": Deprecated("0.1", "harness.plugin.generators.Generator"),
    "Model": Deprecated("0.1", "harness.plugin.models.Model"),
    "Params": Deprecated("0.1", "harness.plugin.Params"),
    "TrainableModel": Deprecated("0.1", "harness.plugin.models.TrainableModel"),
    "hookimpl": Deprecated("0.1", "harness.plugin.hookimpl"),
}
"""Names that plugins took from here before there was :mod:`harness.plugin`."""


def __getattr__(name: str) -> Any:
    # Lazy, so that `harness --help` pays for nothing it does not show.
    if name == "__version__":
        from importlib.metadata import version

        return version("synthface-harness")
    if name in __all__:
        return getattr(import_module("harness.api"), name)
    if name in DEPRECATED:
        DEPRECATED[name].warn(f"harness.{name}")
        module, _, name = DEPRECATED[name].instead.rpartition(".")
        return getattr(import_module(module), name)
    raise AttributeError(f"module 'harness' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
