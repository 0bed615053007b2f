"""Plugins made up for a test, and where the harness finds them."""

from __future__ import annotations

from harness import hookspecs
from harness._plugins import discovery
from harness.components import Component


def component(name: str = "thing", kind: str = "generator", **more) -> Component:
    return Component(
        kind=kind, name=name, version=1, target="x:Y", params="x:P", summary="s", **more
    )


def source(name: str, dist: str, plugin, version: str = "1.0"):
    def load():
        if isinstance(plugin, BaseException):
            raise plugin
        return plugin

    return discovery._Source(name, dist, version, load)


class Plugin:
    def __init__(self, *components: Component) -> None:
        self._components = components

    @hookspecs.hookimpl
    def harness_components(self):
        return self._components
