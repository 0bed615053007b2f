"""Plugins that are one Python file: where they are, and importing one under its own name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import util
from pathlib import Path
from types import ModuleType

from harness.errors import UsageError


def plugin_files(plugins_dirs: Sequence[Path]) -> tuple[Path, ...]:
    """The single-file plugins in these folders; a file stands for itself."""
    files: list[Path] = []
    for folder in plugins_dirs:
        if not folder.exists():
            raise UsageError(f"plugins folder {folder} does not exist; check --plugins-dir")
        files += [folder] if folder.is_file() else sorted(folder.glob("*.py"))
    return tuple(file.absolute() for file in files)


def import_files(files: Sequence[Path]) -> None:
    """Import single-file plugins in a fresh process, so that their targets resolve."""
    for file in files:
        file_loader(file)()


def file_loader(file: Path) -> Callable[[], ModuleType]:
    """What imports the file as ``harness_file_NAME``, once per process."""

    def load_file() -> ModuleType:
        name = f"harness_file_{file.stem}"
        if name in sys.modules:
            return sys.modules[name]
        spec = util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{file} is not a Python file")
        module = util.module_from_spec(spec)
        # Registered first, so that targets of the form "harness_file_x:Class" resolve.
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module

    return load_file
