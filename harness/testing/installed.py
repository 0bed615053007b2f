"""What is installed, as the tests of a plugin look at it: through the same door as a user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness._plugins.discovery import load
from harness.testing.run import run_checks

if TYPE_CHECKING:
    from harness.components import Component, Kind, ReportSection
    from harness.results.study import Study
    from harness.testing.base import Report


def component(kind: Kind, name: str, *, plugins_dirs: Sequence[Path] = ()) -> Component:
    """The declaration of a component, found by its name or by ``distribution:name``.

    ``plugins_dirs`` are folders of single-file plugins, or such files. Raises ``UsageError`` for an
    unknown or ambiguous name, ``PrerequisiteError`` where its plugin does not load.
    """
    return load(plugins_dirs=plugins_dirs).find(kind, name).component


def check_component(
    kind: Kind,
    name: str,
    params: Mapping[str, Any] | None = None,
    *,
    plugins_dirs: Sequence[Path] = (),
) -> Report:
    """Run every check of the kit on a component, as ``harness check`` does.

    ``params`` are values of its parameters. Raises ``UsageError`` or ``DataError`` where they, or
    the data that they name, do not allow to open the component.
    """
    registry = load(plugins_dirs=plugins_dirs)
    return run_checks(registry, registry.find(kind, name), params)


def report_sections(study: Study) -> list[ReportSection]:
    """The sections that installed plugins add to the report of a study, in the order of plugins."""
    return load().report_sections(study)
