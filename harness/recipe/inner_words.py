"""Values inside a parameter that belong to another component: ``source.root`` of a generator."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.recipe import parameters
from harness.recipe.parameters import Word, typed

if TYPE_CHECKING:
    from harness._plugins.registry import RegisteredComponent, Registry
    from harness.components import Kind, Params


def typed_inside(
    registry: Registry,
    provided: RegisteredComponent,
    values: Mapping[str, Any],
    origins: Mapping[str, str] = {},
) -> dict[str, Any]:
    """The values of a component, with words under dotted keys as the inner component wants them.

    The component says in ``requests()`` and ``tools()`` whom it works with; a key of none of them
    keeps its word. Raises ``UsageError`` as :func:`harness.recipe.parameters.build` does.
    """
    found = dict(values)
    words = {key: v for key, v in values.items() if "." in key and isinstance(v, Word)}
    if not words:
        return found
    inner = _classes(registry, provided, parameters.build(provided, values, origins))
    for key, word in words.items():
        head, _, name = key.partition(".")
        if head in inner:
            found[key] = typed(inner[head], name, word)
    return found


def _classes(
    registry: Registry, provided: RegisteredComponent, params: Params
) -> dict[str, type[Params]]:
    """Parameter classes of the components that ``params`` asks for, by the name of the request."""
    asked: dict[str, tuple[Kind, str]] = {
        name: ("generator", request.generator) for name, request in params.requests().items()
    }
    asked |= {name: (tool.kind, tool.name) for name, tool in params.tools().items()}
    found = {}
    for head, (kind, name) in asked.items():
        with suppress(
            UsageError
        ):  # a stored set is not a component; an unknown one is refused later
            chosen = registry.find(kind, name, asker=provided.dist)
            found[head] = parameters.params_class(chosen)
    return found
