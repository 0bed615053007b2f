"""The whole contract between the core and its plugins, as pluggy hooks. Specs only grow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from harness.components import Component

hookspec = pluggy.HookspecMarker("harness")
hookimpl = pluggy.HookimplMarker("harness")


@hookspec
def harness_components() -> Iterable[Component]:
    """Declare generators, models, benchmarks and aligners; import nothing heavy. Since API 1."""


@hookspec
def harness_groups() -> Mapping[str, Iterable[str]]:
    """Name groups of benchmarks, for example ``hq5``. Since API 1."""


@hookspec
def harness_templates() -> Iterable[Path]:
    """Add folders of report templates, searched before the built-in ones. Since API 1."""


@hookspec
def harness_on_event(event: Mapping[str, Any]) -> None:
    """Watch a study: called after each event is written to ``events.jsonl``. Since API 1."""
