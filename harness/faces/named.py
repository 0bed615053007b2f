"""Declaring a data set by its name: a generator that reads it, and the linked asset it is in."""

from __future__ import annotations

from harness.components import Asset, Component


def named_set(
    name: str,
    *,
    target: str,
    params: str,
    summary: str,
    licence: str,
    source: str,
    layout: str,
    citation: str,
    training_data: tuple[str, ...] = (),
    version: int = 2,
    on_request: bool = False,
) -> Component:
    """A generator called ``name`` that reads the asset of the same name.

    Recipes then carry no paths. ``training_data`` is what the images, or the networks that made
    them, were trained on or taken from; the rest as in ``Component`` and ``Asset``.
    """
    return Component(
        kind="generator",
        name=name,
        version=version,
        target=target,
        params=params,
        summary=summary,
        assets=(Asset(name, summary, licence, source, layout, on_request=on_request),),
        licence=licence,
        citation=citation,
        training_data=training_data,
    )
