"""Targets of declarations, ``package.module:Name``: importing one, and the source behind it."""

from __future__ import annotations

from importlib import import_module, util
from pathlib import Path
from typing import Any

from harness.digests import digest, file_sha256


def source_sha256(module: str) -> str:
    """Digest of the Python files beside a component's class; recorded, not part of any key.

    A change of code without a change of version shows as two digests under one key.
    """
    file = source_file(module)
    if file is None:
        return ""
    spec = util.find_spec(module)
    files = sorted(file.parent.glob("*.py")) if spec and spec.parent else [file]
    return digest([[path.name, file_sha256(path)] for path in files])


def source_file(module: str) -> Path | None:
    """The file that a module comes from; None where it is not there."""
    try:
        spec = util.find_spec(module)
    except ModuleNotFoundError:  # nor the package around it
        return None
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def import_object(target: str) -> Any:
    """Import ``package.module:Name``."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
