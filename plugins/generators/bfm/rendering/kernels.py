"""Whether the compiled functions of the renderer are in numba's cache."""

from __future__ import annotations

from pathlib import Path

from . import rasterise

COMPILING = "compiling the renderer, once per installation and kind of processor"


def are_cached() -> bool:
    """Whether a process of this installation has compiled before."""
    cache = getattr(rasterise.project, "_cache", None)
    path = getattr(cache, "cache_path", None)
    name = f"{rasterise.__name__.rpartition('.')[2]}.*.nbi"
    return path is None or any(Path(path).glob(name))
