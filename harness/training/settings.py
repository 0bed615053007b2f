"""What a training was set to, and how much of it a publication states."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.components import Params


def published(params: Params) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Settings for the result, and the names of those that were assumed.

    When the parameters equal a preset in everything it sets, ``settings["preset"]`` names it, and
    the assumed ones are what the class lists for it in ``assumed``: choices that the publication
    leaves open. Any other combination is the user's own, so nothing in it is assumed.
    """
    settings = params.model_dump(mode="json")
    # Results name no place on a machine.
    settings |= {name: value.name for name, value in params if isinstance(value, Path)}
    for name, values in params.presets.items():
        preset = type(params).model_validate(values)
        if all(getattr(params, key) == getattr(preset, key) for key in values):
            assumed = getattr(params, "assumed", {}).get(name, ())
            return settings | {"preset": name}, tuple(assumed)
    return settings | {"preset": None}, ()
