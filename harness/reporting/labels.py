"""Short names for components that tell two settings of one component apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.digests import digest
from harness.reporting.columns import flat

if TYPE_CHECKING:
    from harness.study.result import ComponentUse

NO_GENERATOR = "(none: ready model)"
SHOWN_PARAMETERS = 3
LONGEST_VALUE = 24


def signature(use: ComponentUse | None) -> str:
    """Equal for two uses of a component exactly if provider, version and parameters are equal."""
    if use is None:
        return ""
    return digest([use.provider, use.name, use.version, use.params])


def labels(uses: Iterable[ComponentUse | None]) -> dict[str, str]:
    """A distinct label for every signature: ``digi2real``, or ``digi2real (alpha=2)``.

    The label of a recipe's entry stands in the place of the component's name. Only parameters in
    which components of one name differ are shown; where these are too many, or the difference lies
    elsewhere, version, provider and the start of the signature step in.
    """
    distinct: dict[str, ComponentUse | None] = {}
    for use in uses:
        known = distinct.setdefault(signature(use), use)
        if known is not None and use is not None and not known.label:
            distinct[signature(use)] = use  # another recipe may have labelled it
    groups: dict[str, dict[str, ComponentUse]] = {}
    made = {"": NO_GENERATOR} if "" in distinct else {}
    for key, use in distinct.items():
        if use is not None:
            groups.setdefault(use.label or use.name, {})[key] = use
    for name, group in groups.items():
        made |= _within(name, group)
    return made


def _within(name: str, group: dict[str, ComponentUse]) -> dict[str, str]:
    if len(group) == 1:
        return dict.fromkeys(group, name)
    settings = {key: _settings(use) for key, use in group.items()}
    fields = dict.fromkeys(field for setting in settings.values() for field in setting)
    varying = [f for f in fields if len({setting.get(f) for setting in settings.values()}) > 1]
    made = {}
    for key, setting in settings.items():
        parts = [f"{f}={setting[f]}" for f in varying if f in setting][:SHOWN_PARAMETERS]
        made[key] = f"{name} ({', '.join(parts)})" if parts else name
    texts = list(made.values())
    return {
        key: label if texts.count(label) == 1 else f"{label} #{key[:6]}"
        for key, label in made.items()
    }


def _settings(use: ComponentUse) -> dict[str, str]:
    facts = {**use.params, "version": use.version, "provider": use.provider}
    return {key: _short(value) for key, value in flat(facts).items()}


def _short(value: str) -> str:
    tail = value.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] if "/" in value else value
    return tail if len(tail) <= LONGEST_VALUE else f"…{tail[1 - LONGEST_VALUE :]}"
