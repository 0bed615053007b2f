"""Names by which other software knows benchmarks, from their declarations."""

from __future__ import annotations

from typing import NamedTuple

from harness._plugins.registry import Registry


class Alias(NamedTuple):
    """A benchmark, and the comparison of it that is meant; empty for all of them."""

    benchmark: str
    comparison: str = ""


def aliases(registry: Registry) -> dict[str, Alias]:
    """Every alias; the name of a benchmark is never one of another."""
    benchmarks = [registered.component for registered in registry.of_kind("benchmark")]
    found = {
        alias: Alias(component.name, comparison)
        for component in benchmarks
        for alias, comparison in component.aliases.items()
    }
    return {name: found[name] for name in sorted(found.keys() - {one.name for one in benchmarks})}
