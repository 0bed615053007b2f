"""Names of components, for the Tab key."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from harness.components import Kind

Complete = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def names_of(*kinds: Kind) -> Complete:
    """Completes names of these kinds, after the last comma; benchmarks have groups too."""

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from harness._plugins.discovery import load

        registry = load(plugins_dirs=ctx.find_root().params.get("plugins_dirs") or ())
        known = {
            provided.component.name: provided.component.summary
            for kind in kinds
            for provided in registry.of_kind(kind)
        }
        if kinds == ("benchmark",):
            known |= {group: ", ".join(names) for group, names in registry.groups().items()}
        head, comma, begun = incomplete.rpartition(",")
        return [
            CompletionItem(head + comma + name, help=summary)
            for name, summary in sorted(known.items())
            if name.startswith(begun)
        ]

    return complete
