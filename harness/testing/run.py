"""All checks of a kind, and running them on one component."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from harness._plugins.registry import RegisteredComponent, Registry
from harness.components import Kind, plural
from harness.errors import DataError, UsageError
from harness.recipe import parameters
from harness.testing.base import Check, Report
from harness.testing.subject import Subject

Function = Callable[[Subject], None]


def checks_for(kind: Kind) -> tuple[Check, ...]:
    """Every check of a kind of component, in the order in which they run."""
    functions: list[Function] = []
    extra = ("trained",) if kind == "model" else ()
    for module in ("declaration", plural(kind), *extra, "isolation"):
        functions += import_module(f"harness.testing.{module}").CHECKS
    return tuple(Check.of(kind, function) for function in functions)


def run_checks(
    registry: Registry, provided: RegisteredComponent, params: Mapping[str, Any] | None = None
) -> Report:
    """Run every check on a component with these parameter values.

    Works on the CPU in fp32. Checks of a component whose asset is missing are skipped, with the
    reason. Raises ``UsageError`` or ``DataError`` where the parameters, or the data that they name,
    do not allow to open the component.
    """
    component = provided.component
    parameters.build(provided, params or {})
    subject = Subject(registry, provided, params or {})
    _open(subject)
    outcomes = tuple(check.judge(subject) for check in checks_for(component.kind))
    return Report(component.kind, component.name, provided.provider, outcomes)


def _open(subject: Subject) -> None:
    try:
        _ = subject.opened
    except (UsageError, DataError):
        raise
    except (Exception, SystemExit):  # noqa: BLE001 (each check meets it again and says so)
        return
