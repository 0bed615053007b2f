"""Plugins that are one Python file: where they are, and importing one under its own name."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from importlib import util
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from harness.errors import UsageError

SOURCE = "__harness_source__"
"""Attribute of a loaded plugin: its path and digest."""


def plugin_files(plugins_dirs: Sequence[Path]) -> tuple[Path, ...]:
    """The single-file plugins in these folders; a file stands for itself."""
    files: list[Path] = []
    for folder in plugins_dirs:
        if not folder.exists():
            raise UsageError(f"plugins folder {folder} does not exist; check --plugins-dir")
        files += [folder] if folder.is_file() else sorted(folder.glob("*.py"))
    of_name: dict[str, Path] = {}
    for file in files:
        other = of_name.setdefault(file.stem, file)
        if other.absolute() != file.absolute():
            raise UsageError(f"{other} and {file} are two plugins of one name; rename one")
    return tuple(file.absolute() for file in files)


def import_files(files: Sequence[Path]) -> None:
    """Import single-file plugins in a fresh process, so that their targets resolve."""
    for file in files:
        file_loader(file)()


class _OfBytes(SourceFileLoader):
    """Runs these bytes; the loader above it may take compiled code of an earlier second."""

    def __init__(self, name: str, path: str, code: bytes) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        """The bytes, compiled."""
        return self.source_to_code(self._code, self.path)


def file_loader(file: Path) -> Callable[[], ModuleType]:
    """What imports the file as ``harness_file_NAME``, once per process while it stays as it is."""

    def load_file() -> ModuleType:
        name = f"harness_file_{file.stem}"
        # A notebook edits its plugin between runs, or takes another of that name: the code that
        # runs has to be the one whose digest is recorded.
        code = file.read_bytes()
        source = str(file), hashlib.sha256(code).hexdigest()
        known = sys.modules.get(name)
        if known is not None and getattr(known, SOURCE, None) == source:
            return known
        spec = util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{file} is not a Python file")
        spec.loader = _OfBytes(name, str(file), code)
        module = util.module_from_spec(spec)
        setattr(module, SOURCE, source)
        # Registered first, so that targets of the form "harness_file_x:Class" resolve.
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module

    return load_file
