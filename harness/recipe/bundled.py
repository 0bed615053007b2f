"""The recipes that come with the package: ``-c digi2real2024/6`` where no such file is."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def folder() -> Path:
    """Where they are installed."""
    return Path(str(files("harness_recipes")))


def names() -> list[str]:
    """``demo``, ``PAPER/TABLE`` and so on, sorted."""
    home = folder()
    return sorted(p.relative_to(home).with_suffix("").as_posix() for p in home.rglob("*.toml"))


def summary(name: str) -> str:
    """The first line of its opening comment."""
    with (folder() / f"{name}.toml").open(encoding="utf-8") as file:
        return file.readline().removeprefix("#").strip()


def find(given: Path) -> Path:
    """``given`` if it is a file or no recipe comes by that name, else that recipe."""
    if given.is_file() or given.as_posix() not in names():
        return given
    return folder() / f"{given}.toml"
