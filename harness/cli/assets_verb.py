"""``harness assets``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import open_registry
from harness.terminal import line, say, say_page

if TYPE_CHECKING:
    from harness._plugins.registry import Registry
    from harness.components import Asset
    from harness.store.artifacts import Store
    from harness.store.assets import Links

SHOWN = 20


@click.group(name="assets")
def command() -> None:
    """Link and check data that you must obtain yourself; the harness ships none of it.

    \b
    Examples:
      harness assets list
      harness assets link lfw /data/lfw
      harness assets check cfp-fp
      harness assets fetch digi2real --yes
    """


@command.command(name="list")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_assets(obj: dict[str, Any], name: str | None, *, as_json: bool) -> int:
    """List every asset that an installed component can use, and whether you have it.

    NAME is an asset or a component; then files are listed too.
    """
    from harness.store.artifacts import Store
    from harness.store.assets import Links

    known, links = _known(open_registry(obj), name), Links(Store())
    rows = [
        {**asdict(asset), "path": str(links.find(name)) if links.find(name) else None}
        for name, asset in sorted(known.items())
    ]
    if as_json:
        say_page(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        have = "have   " if row["path"] else "missing"
        say(f"{have} {row['name']:<20} {row['summary']} ({row['licence']})")
        if name is not None:
            _tell_files(known[row["name"]])
    return 0


def _tell_files(asset: Asset) -> None:
    from harness.tools.asset_files import size

    say(f"  from {asset.source}")
    for file in asset.files:
        say(f"  {size(file):>8}  {file.path or file.hub_path}")


@command.command(name="link")
@click.argument("name")
@click.argument("path", type=click.Path(path_type=Path))
@click.pass_obj
def link(obj: dict[str, Any], name: str, path: Path) -> int:
    """Register the local path of an asset.

    NAME is an asset, or a component and PATH a folder that holds its assets side by side.
    """
    from harness.store.artifacts import Store
    from harness.store.assets import Links, declared
    from harness.tools.asset_files import inside, of_component

    registry = open_registry(obj)
    links, known = Links(Store()), declared(registry)
    several = {} if name in known else of_component(registry, name)
    found = inside(several.values(), path) if several else {name: path}
    for asset, place in found.items():
        links.add(asset, place, known)
        say(f"{asset} -> {place.resolve()}")
    for asset in sorted(set(several) - set(found)):
        place = path / (several[asset].place or asset)
        say(f"{asset} is not at {place}: harness assets link {asset} PATH", err=True)
    return 0


@command.command(name="fetch")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--yes", is_flag=True, help="Download; without it only say what and how much.")
@click.pass_obj
def fetch(obj: dict[str, Any], names: tuple[str, ...], *, yes: bool) -> int:
    """Download assets from the Hugging Face hub and link them.

    NAME is an asset, or a component for all of its assets. You accept the licences that are named.
    What is linked already is left alone, and so is what a component can do without.
    """
    from harness.errors import UsageError
    from harness.store.artifacts import Store
    from harness.store.assets import Links
    from harness.tools.asset_files import fetch as fetch_asset

    store, registry = Store(), open_registry(obj)
    known = {key: asset for name in names for key, asset in _known(registry, name).items()}
    links, asked = Links(store), " ".join(names)
    todo = {
        key: asset
        for key, asset in known.items()
        if links.find(key) is None and (key in names or not asset.optional)
    }
    for asset in todo.values():
        say(f"{asset.name}: {asset.summary}; licence: {asset.licence}")
        _tell_files(asset)
    if not todo:
        say(f"nothing to fetch for {asked}: all is linked")
    elif not yes:
        raise UsageError(f"add --yes to download: harness assets fetch {asked} --yes")
    for key, asset in todo.items():
        path = fetch_asset(asset, store.home / "assets", lambda text: say(text, err=True))
        links.add(key, path, known)
        say(f"{key} -> {path}")
    return 0


@command.command(name="check")
@click.argument("name", required=False)
@click.option("--decode", is_flag=True, help="Decode every image of a benchmark too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def check(obj: dict[str, Any], name: str | None, *, decode: bool, as_json: bool) -> int:
    """Check that data are there, complete and readable; NAME is an asset or a component.

    Of a benchmark's data every list is read and every image looked for; networks are recognised by
    their content and size, and what a generator or detector uses is opened. Exit 3 if something is
    wrong.
    """
    from harness.store.artifacts import Store
    from harness.store.assets import Links
    from harness.store.missing_assets import missing_message

    registry, store = open_registry(obj), Store()
    known, links = _known(registry, name), Links(store)
    if name is not None and not known:
        say(f"{name} needs no data of yours")
        return 0
    linked = [key for key in known if key in links.all()]
    lost = {
        key: asset
        for key, asset in known.items()
        if name is not None and links.find(key) is None and (key == name or not asset.optional)
    }
    rows = [
        _checked(registry, name, known[key], links, store, decode=decode)
        for key in linked
        if as_json or key not in lost
    ]
    if as_json:
        rows += [
            _row(asset, None, "not linked") for key, asset in lost.items() if key not in linked
        ]
        say_page(json.dumps(rows, indent=1))
    elif rows:
        say_page("\n".join(map(_told, rows)))
    if lost and not as_json:
        raise missing_message(lost, links, registry)
    whole = all(one["complete"] for row in rows for one in row["benchmarks"])
    return 0 if whole and all(row["path"] and not row["lacking"] for row in rows) else 3


def _checked(
    registry: Registry, name: str | None, asset: Asset, links: Links, store: Store, *, decode: bool
) -> dict[str, Any]:
    """What was found wrong with a linked asset; lists of benchmarks are read where it is named."""
    from harness.tools.asset_check import check as check_benchmark
    from harness.tools.asset_check import users_of

    path = links.find(asset.name)
    if path is None:
        return _row(asset, None, links.fault(asset.name))
    users = users_of(registry, name) if name is not None else []
    found = [check_benchmark(user, asset.name, path, store, decode=decode) for user in users]
    told = [{**vars(one), "complete": one.complete} for one in found]
    return _row(asset, path, "", _faults(registry, asset, path, store), told)


def _row(
    asset: Asset,
    path: Path | None,
    fault: str,
    lacking: Sequence[str] = (),
    benchmarks: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    place = str(path) if path else None
    return {**asdict(asset), "path": place, "fault": fault, "lacking": list(lacking),
            "benchmarks": list(benchmarks)}  # fmt: skip


def _faults(registry: Registry, asset: Asset, path: Path, store: Store) -> list[str]:
    """What is absent, is not what it should be, or cannot be opened by what uses it."""
    from harness.tools.asset_files import lacking, suspicious
    from harness.tools.asset_open import unusable

    found = [*lacking(asset, path), *suspicious(asset, path)]
    return found or unusable(registry, asset, path, store)


def _known(registry: Registry, name: str | None) -> dict[str, Asset]:
    """The assets that a name means: itself, or those of a component; all without a name."""
    from harness.did_you_mean import did_you_mean
    from harness.errors import UsageError
    from harness.store.assets import declared
    from harness.tools.asset_files import of_component

    known = declared(registry)
    if name is None or name in known:
        return {key: known[key] for key in ([name] if name else sorted(known))}
    names = [each.component.name for each in registry.components]
    if name not in names:
        raise UsageError(
            f"unknown asset {name!r}{did_you_mean(name, [*known, *names], 'harness assets list')}"
        )
    return of_component(registry, name)


def _told(row: dict[str, Any]) -> str:
    lines = [
        f"{row['name']}: {row['path'] or row['fault'] + '; link it again'}",
        f"  licence: {row['licence']}",
        f"  obtained from: {row['source']}",
        *([f"  expected layout: {row['layout']}"] if row["layout"] else []),
    ]
    if row["lacking"]:
        lines += [f"  {finding}" for finding in row["lacking"]]
        lines.append(f"  complete it, or: harness assets link {row['name']} PATH")
    elif row["files"] and row["path"]:
        lines.append(f"  complete, {len(row['files'])} files")
    elif row["path"] and not row["benchmarks"]:
        lines.append("  there, and nothing was found wrong")
    for one in row["benchmarks"]:
        if one["complete"]:
            lines.append(f"  {one['benchmark']}: complete, {one['images']:,} images")
            continue
        lines.append(f"  {one['benchmark']}: incomplete, {len(one['missing']):,} findings")
        lines += [f"    {finding}" for finding in one["missing"][:SHOWN]]
        if len(one["missing"]) > SHOWN:
            lines.append(f"    and {len(one['missing']) - SHOWN:,} more; --json names all")
    return "\n".join(map(line, lines))
