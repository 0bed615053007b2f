"""Flags that executors add to a verb, from their declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from harness.cli.grouped import OF_EXECUTORS as PREFIX
from harness.cli.grouped import GroupedCommand
from harness.cli.options import open_registry

NO_PLUGINS: Mapping[str, Any] = {"disabled": (), "plugins_dirs": ()}


class WithExecutorFlags(GroupedCommand):
    """A command that also takes the flags of all installed executors."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The command's own parameters, and an option for every declared flag."""
        own = super().get_params(ctx)
        taken = {flag for param in own for flag in param.opts}
        return [*own, *(option for option in _declared(ctx) if not taken & {*option.opts})]


def executor_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """What was given by such flags, as settings of an executor."""
    return {
        name.removeprefix(PREFIX): value
        for name, value in options.items()
        if name.startswith(PREFIX) and value is not None
    }


def _declared(ctx: click.Context) -> Iterator[click.Option]:
    from harness._plugins.lookup import offers
    from harness._plugins.targets import import_object

    for offer in offers(open_registry({**NO_PLUGINS, **(ctx.obj or {})}), "executor"):
        if not offer.extension.flags:
            continue
        fields = import_object(offer.extension.params).model_fields
        for flag, setting in offer.extension.flags.items():
            about = f"For --executor {offer.extension.name}: {fields[setting].description}"
            yield click.Option([flag, f"{PREFIX}{setting}"], metavar="VALUE", help=about)
