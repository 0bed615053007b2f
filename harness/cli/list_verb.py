"""``harness list``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from harness._plugins.lookup import Offer, Service, offers
from harness._plugins.registry import RegisteredComponent, Registry
from harness.cli.options import open_registry
from harness.components import KINDS, Kind, plural
from harness.recipe import bundled
from harness.terminal import say, say_page

CHOICES = [*map(plural, KINDS), "executors", "trackers", "plugins", "recipes"]


@click.command(name="list")
@click.argument("what", type=click.Choice(CHOICES), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def command(obj: dict[str, Any], what: str | None, *, as_json: bool) -> int:
    """List what is installed, with where it comes from and whether it works.

    \b
    Examples:
      harness list
      harness list models --json
    """
    registry = open_registry(obj)
    kinds = [kind for kind in KINDS if what in (None, plural(kind))]
    components = {kind: registry.of_kind(kind) for kind in kinds}
    if as_json:
        say_page(json.dumps(_rows(registry, components, what), indent=1))
        return 0
    for kind, found in components.items():
        say(plural(kind))
        for provided in found:
            component = provided.component
            needs = (
                f"  needs {', '.join(a.name for a in component.assets)}" if component.assets else ""
            )
            source = f"{provided.dist} {provided.dist_version}"
            say(f"  {component.name:<14} {source:<26} {component.summary}{needs}")
    for service in _asked(what):
        say(f"{service}s")
        for offer in offers(registry, service):
            say(f"  {offer.extension.name:<14} {offer.dist:<26} {offer.extension.summary}")
    if what == "recipes":
        for name in bundled.names():
            say(f"  {name:<24} {bundled.summary(name)}")
    if what in (None, "plugins"):
        _plugins(registry, only_broken=what is None)
    return 0


def _rows(
    registry: Registry, components: Mapping[Kind, list[RegisteredComponent]], what: str | None
) -> dict[str, Any]:
    rows: dict[str, Any] = {
        plural(kind): [_record(p) for p in found] for kind, found in components.items()
    }
    for service in _asked(what):
        rows[f"{service}s"] = [_offer(offer) for offer in offers(registry, service)]
    if what in (None, "plugins"):
        rows["plugins"] = [vars(row) | {"ok": row.ok} for row in registry.plugins]
    if what == "recipes":
        rows["recipes"] = [{"name": n, "summary": bundled.summary(n)} for n in bundled.names()]
    return rows


def _asked(what: str | None) -> list[Service]:
    services: tuple[Service, ...] = ("executor", "tracker")
    return [service for service in services if what in (None, f"{service}s")]


def _offer(offer: Offer) -> dict[str, Any]:
    extension = offer.extension
    return {
        "name": extension.name,
        "provider": offer.provider,
        "summary": extension.summary,
        "extras": list(extension.extras),
    }


def _plugins(registry: Registry, *, only_broken: bool) -> None:
    rows = [row for row in registry.plugins if not (only_broken and row.ok)]
    if rows:
        say("plugins")
    for row in rows:
        say(
            f"  {'ok' if row.ok else 'x ':<3}{row.name:<14} {row.dist} {row.version}  "
            f"{row.reason}".rstrip()
        )


def _record(provided: RegisteredComponent) -> dict[str, Any]:
    component = provided.component
    return {
        "name": component.name,
        "provider": provided.provider,
        "version": component.version,
        "dist_version": provided.dist_version,
        "summary": component.summary,
        "assets": [asset.name for asset in component.assets],
        "licence": component.licence,
    }
