"""What plugins state and answer, checked before the core relies on it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pluggy

from harness import hookspecs
from harness.components import API, KINDS, OLDEST_API, Component, ReportSection
from harness.extensions import Extension

NEEDS_API = "HARNESS_API"
"""Attribute of a hook module: the version of the contract that it is written for."""


def check_api(plugin: Any, dist: str, core: str) -> None:
    """Refuse a plugin that is written for a contract this harness does not have.

    Looked at before anything else, because what such a plugin declares may not be understood.
    """
    _check_version(getattr(plugin, NEEDS_API, API), "it", dist, core)


def check_hook_names(manager: pluggy.PluginManager, plugin: Any) -> None:
    """Refuse a misspelt hook, which pluggy would never call."""
    known = [name for name in dir(hookspecs) if name.startswith("harness_")]
    for name in dir(plugin):
        if manager.parse_hookimpl_opts(plugin, name) is None or name in known:
            continue
        near = get_close_matches(name, known, n=1)
        hint = f", did you mean {near[0]!r}?" if near else f" (known: {', '.join(known)})"
        raise ValueError(f"unknown hook {name!r}{hint}")


def components(plugin: Any, dist: str, core: str) -> tuple[Component, ...]:
    """What a plugin declares; raises ``TypeError`` or ``ValueError`` naming the component."""
    declare = getattr(plugin, "harness_components", None)
    declared: Iterable[Any] = () if declare is None else tuple(declare())
    return tuple(_checked(item, dist, core) for item in declared)


def groups(answer: Any) -> dict[str, list[str]]:
    """Answer to ``harness_groups``."""
    return {str(group): [str(name) for name in names] for group, names in dict(answer).items()}


def paths(answer: Any) -> list[Path]:
    """Answer to ``harness_templates``."""
    return [Path(path) for path in answer]


def sections(answer: Any) -> list[ReportSection]:
    """Answer to ``harness_report_sections``."""
    found = list(answer)
    for section in found:
        if not isinstance(section, ReportSection):
            raise TypeError(f"it must give ReportSection objects, not {section!r}")
    return found


def extensions(answer: Any) -> list[Extension]:
    """Answer to ``harness_executors`` and ``harness_trackers``."""
    found = list(answer)
    for extension in found:
        if not isinstance(extension, Extension):
            raise TypeError(f"it must give Extension objects, not {extension!r}")
        if not 0 < extension.requires_api <= API:
            raise ValueError(
                f"{extension.name!r} needs plugin API {extension.requires_api} and this harness "
                f"has {API}"
            )
    return found


def _checked(component: Any, dist: str, core: str) -> Component:
    if not isinstance(component, Component):
        raise TypeError(f"harness_components must give Component objects, not {component!r}")
    if component.kind not in KINDS:
        raise ValueError(f"component {component.name!r} has unknown kind {component.kind!r}")
    _check_version(component.requires_api, f"component {component.name!r}", dist, core)
    return component


def _check_version(needed: Any, what: str, dist: str, core: str) -> None:
    if not isinstance(needed, int):
        raise TypeError(f"{NEEDS_API} must be a whole number, not {needed!r}")
    if needed > API:
        raise ValueError(
            f"{what} needs plugin API {needed} and this harness has {API}: upgrade {core}"
        )
    if needed < OLDEST_API:
        raise ValueError(
            f"{what} is written for plugin API {needed} and this harness serves {OLDEST_API} to "
            f"{API}: upgrade {dist}"
        )
