"""The message about assets that are not there: one line each, grouped by how they are obtained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness._plugins.registry import Registry
from harness.components import Asset
from harness.errors import PrerequisiteError
from harness.store.assets import Links

Missing = Mapping[str, Asset | None]


def missing_message(
    missing: Missing, links: Links, registry: Registry | None = None, estimate: str = ""
) -> PrerequisiteError:
    """One error that names every missing asset of all stages, and the commands to get them.

    ``registry`` adds the shortcut for a folder that holds all assets of a component, and
    ``estimate`` says what the run would take once they are there.
    """
    count = "1 asset is missing" if len(missing) == 1 else f"{len(missing)} assets are missing"
    lines = [count, *_fetched(missing, links), *_linked(missing, links)]
    lines += [
        f"files of {component} side by side in one folder: harness assets link {component} DIR"
        for component in _components(missing, registry)
    ]
    if estimate:
        lines.append(f"the whole run: {estimate}")
    return PrerequisiteError("\n".join(lines))


def _fetched(missing: Missing, links: Links) -> Iterable[str]:
    """The group that one command downloads."""
    group = {name: asset for name, asset in sorted(missing.items()) if asset and asset.hub}
    if not group:
        return
    size = sum(file.megabytes for asset in group.values() for file in asset.files)
    amount = f"{size / 1000:,.1f} GB" if size >= 1000 else f"{size:,.0f} MB"
    yield f"fetch ({amount}; you accept the licences): harness assets fetch {' '.join(group)} --yes"
    for name, asset in group.items():
        yield f"  {name:<22} {_about(name, asset, links)}"


def _linked(missing: Missing, links: Links) -> Iterable[str]:
    """The groups that a person must obtain."""
    by_hand = {name: asset for name, asset in sorted(missing.items()) if not (asset and asset.hub)}
    for heading, wanted in (("apply for, then link", True), ("obtain, then link", False)):
        group = {
            name: asset for name, asset in by_hand.items()
            if bool(asset and asset.on_request) == wanted
        }  # fmt: skip
        if group:
            yield f"{heading}:"
        for name, asset in group.items():
            command = f"harness assets link {name} PATH"
            yield f"  {command:<38}  {_about(name, asset, links)}"


def _about(name: str, asset: Asset | None, links: Links) -> str:
    about = f"{asset.summary} ({asset.licence}; from {asset.source})" if asset else ""
    fault = links.fault(name)
    return f"{about}; {fault}" if fault else about


def _components(missing: Missing, registry: Registry | None) -> Iterable[str]:
    """Components several of whose missing assets are found side by side in one folder."""
    for provided in registry.components if registry else ():
        wanted = [asset for asset in provided.component.assets if not asset.optional]
        if len(wanted) > 1 and all(asset.place and asset.name in missing for asset in wanted):
            yield provided.component.name
