"""For authors of executors: where the work of a study is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness._plugins.single_files import import_files as import_files
    from harness.extensions import Executor as Executor
    from harness.extensions import ExecutorParams as ExecutorParams
    from harness.extensions import Setup as Setup

__getattr__, __dir__, __all__ = exports(__name__)
