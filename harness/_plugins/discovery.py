"""Discovery of plugins: installed ones and single files, one guarded load at a time.

pluggy's own entry-point loading lets one broken plugin end every command and drops a second entry
point of the same name in silence; so the loop is ours, and a failure becomes a row with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from harness._plugins import timeouts, validation
from harness._plugins.registry import (
    BUILTIN,
    FROM_FILE,
    SWITCHED_OFF,
    PluginRow,
    RegisteredComponent,
    Registry,
    reason_of,
)
from harness._plugins.single_files import file_loader, plugin_files
from harness.process import variables
from harness.published import records

GROUP = "harness"
"""The entry-point group of installed plugins."""


@dataclass(frozen=True)
class _Source:
    """Where a plugin comes from and how to import it."""

    name: str
    dist: str
    version: str
    load: Callable[[], Any]


def load(
    *,
    disabled: Sequence[str] = (),
    plugins_dirs: Sequence[Path] = (),
    autoload: bool | None = None,
) -> Registry:
    """Find and load every plugin.

    ``disabled`` are the names after ``-p no:``. ``plugins_dirs`` hold single-file plugins (or are
    such a file). Without ``autoload`` (default: unless ``HARNESS_DISABLE_PLUGIN_AUTOLOAD`` is set)
    installed plugins of other distributions are left alone.
    """
    if autoload is None:
        autoload = not variables.flag("HARNESS_DISABLE_PLUGIN_AUTOLOAD")
    registry = Registry()
    strict = variables.flag("HARNESS_STRICT_PLUGINS")
    timeouts.limit_s()  # a wrong value is said once, and not as a fault of every plugin
    for source in (*_installed(autoload=autoload), *_files(plugins_dirs)):
        if source.name in disabled or source.dist in disabled:
            registry.plugins.append(_row(source, SWITCHED_OFF))
            continue
        try:
            with timeouts.hook(f"loading plugin {source.name} of {source.dist}"):
                _register(registry, source)
        except (Exception, SystemExit, timeouts.PluginTimeoutError) as error:
            if strict:
                raise
            registry.plugins.append(_row(source, reason_of(error)))
        else:
            registry.plugins.append(_row(source))
    records.add(registry.published())
    return registry


def _row(source: _Source, reason: str = "") -> PluginRow:
    return PluginRow(source.name, source.dist, source.version, reason)


def _installed(*, autoload: bool) -> Iterator[_Source]:
    seen: set[tuple[str, str]] = set()
    # Each look at a name or version parses the metadata of its distribution again.
    named: dict[metadata.Distribution | None, tuple[str, str]] = {None: ("unknown", "")}
    for entry in sorted(metadata.entry_points(group=GROUP), key=lambda e: e.name):
        dist = entry.dist
        if dist is not None and dist not in named:
            named[dist] = dist.name, dist.version
        name, version = named[dist]
        # An editable install can be listed twice, by its source tree and by the environment.
        if (not autoload and name != BUILTIN) or (name, entry.value) in seen:
            continue
        seen.add((name, entry.value))
        yield _Source(entry.name, name, version, entry.load)


def _files(plugins_dirs: Sequence[Path]) -> Iterator[_Source]:
    for file in plugin_files(plugins_dirs):
        yield _Source(file.stem, file.stem, FROM_FILE, file_loader(file))


def _register(registry: Registry, source: _Source) -> None:
    plugin = source.load()
    validation.check_api(plugin, source.dist, BUILTIN)
    validation.check_hook_names(registry.manager, plugin)
    found = [
        RegisteredComponent(component, source.dist, source.version)
        for component in validation.components(plugin, source.dist, BUILTIN)
    ]
    name = f"{source.dist}:{source.name}"
    if registry.manager.has_plugin(name):
        raise ValueError(f"another plugin is called {name}; rename one of them")
    registry.manager.register(plugin, name=name)
    registry.components += found
