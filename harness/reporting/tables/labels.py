"""Short names for components that tell two settings of one component apart."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import TYPE_CHECKING

from harness.digests import digest
from harness.reporting.tables.columns import flat
from harness.results.schema import DEPARTURES

if TYPE_CHECKING:
    from harness.results.schema import ComponentUse

NO_GENERATOR = "pre-trained"
"""Instead of a generator, for a network that was not trained here."""
SHOWN_PARAMETERS = 3
LONGEST_VALUE = 24


def signature(use: ComponentUse | None) -> str:
    """Equal for two uses of a component exactly if provider, version and parameters are equal."""
    if use is None:
        return ""
    return digest([use.provider, use.name, use.version, use.params])


def labels(uses: Iterable[ComponentUse | None]) -> dict[str, str]:
    """A distinct label for every signature: ``digi2real``, or ``digi2real (alpha=2)``.

    The label of a recipe's entry replaces the component's name, unless entries label
    one component differently: each says then how much of it a model takes. Of components with one
    name the parameter that tells all of them apart is shown, a file before others, or those in
    which they differ; where these are too many, or the difference is elsewhere, version, provider
    and the start of the signature step in. Parameters that are not set are not shown.
    """
    distinct: dict[str, ComponentUse | None] = {}
    given: dict[str, set[str]] = {}
    for use in uses:
        key = signature(use)
        distinct.setdefault(key, use)
        if use is not None and use.label:
            given.setdefault(key, set()).add(use.label)
    groups: dict[str, dict[str, ComponentUse]] = {}
    made = {"": NO_GENERATOR} if "" in distinct else {}
    for key, use in distinct.items():
        if use is not None:
            label = next(iter(given[key])) if len(given.get(key, ())) == 1 else _name(use)
            groups.setdefault(label, {})[key] = use
    for name, group in groups.items():
        made |= _within(name, group)
    return made


def _name(use: ComponentUse) -> str:
    """The component's name, and how it is not the published one: ``digi2real [source bfm]``."""
    departures = use.facts.get(DEPARTURES)
    return f"{use.name} [{', '.join(map(str, departures))}]" if departures else use.name


def _within(name: str, group: dict[str, ComponentUse]) -> dict[str, str]:
    if len(group) == 1:
        return dict.fromkeys(group, name)
    settings = {key: _settings(use) for key, use in group.items()}
    fields = dict.fromkeys(field for setting in settings.values() for field in setting)
    varying = [f for f in fields if len({setting.get(f) for setting in settings.values()}) > 1]
    alone = [f for f in varying if len({setting.get(f) for setting in settings.values()})
             == len(group) and all(f in setting for setting in settings.values())]  # fmt: skip
    files = [f for f in alone if all(map(_is_path, (use.params.get(f) for use in group.values())))]
    if files:  # networks in files are known by them
        return {key: f"{name} ({setting[files[0]]})" for key, setting in settings.items()}
    shown = alone[:1] or varying
    made = {}
    for key, setting in settings.items():
        parts = [f"{f}={setting[f]}" for f in shown if f in setting][:SHOWN_PARAMETERS]
        made[key] = f"{name} ({', '.join(parts)})" if parts else name
    texts = list(made.values())
    return {
        key: label if texts.count(label) == 1 else f"{label} #{key[:6]}"
        for key, label in made.items()
    }


def _is_path(value: object) -> bool:
    return isinstance(value, str) and bool(PurePath(value).suffix)


def _settings(use: ComponentUse) -> dict[str, str]:
    facts = {**use.params, "version": use.version, "provider": use.provider}
    return {key: _short(value) for key, value in flat(facts).items() if value != "null"}


def _short(value: str) -> str:
    tail = value.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] if "/" in value else value
    return tail if len(tail) <= LONGEST_VALUE else f"…{tail[1 - LONGEST_VALUE :]}"
