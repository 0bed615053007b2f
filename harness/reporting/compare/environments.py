"""Environments of results: where two differ in what can move digits, and how to say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from harness.process import machine
from harness.results.unreadable import read_environment

if TYPE_CHECKING:
    from harness.results.study import Cell, Study

MOVING = ("device", "kernels", "libc", "made_on", "machine", "packages", "portable", "precision",
          "processor", "python", "set", "system", "threads")  # fmt: skip
"""Facts of an environment that can move digits; the number of jobs cannot."""

SHOWN = 6
"""Differences that a sentence names before it only counts."""


def environment(cell: Cell) -> Mapping[str, Any] | None:
    """The recorded environment of a cell; None for a result read from a report, or a lost file."""
    if cell.mailed:
        return None
    folder = cell.folder.parent.parent / "env"
    path = cell.folder.parent.parent / cell.result.provenance.env
    if path.parent != folder:
        return None
    found = read_environment(path, [])
    return found if isinstance(found, dict) else None


def differences(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> list[str]:
    """What differs between two environments that can move digits, as ``fact A / B``."""
    if one is None or other is None:
        return []
    first, second = ({key: env[key] for key in MOVING if key in env} for env in (one, other))
    return machine.differences(first, second)


def sentence(found: Iterable[str]) -> str:
    """Differences as one sentence; empty where there is none."""
    known = list(dict.fromkeys(found))
    if not known:
        return ""
    more = f"; and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return (
        f"the environments differ ({'; '.join(known[:SHOWN])}{more}), which can move the last "
        "digits of a training; --portable pins them"
    )


def within(study: Study) -> str:
    """How the environments of a study's results differ, in one sentence; empty where none does."""
    known = [env for env in study.environments.values() if isinstance(env, Mapping)]
    found = [line for env in known[1:] for line in differences(known[0], env)]
    elsewhere = sorted({role for env in known for role in env.get("made_on") or ()})
    said = sentence(found)
    if elsewhere:
        stored = f"stored inputs were made in another environment: {', '.join(elsewhere)}"
        said = f"{said}; {stored}" if said else stored
    return said
