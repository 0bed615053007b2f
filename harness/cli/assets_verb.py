"""``harness assets``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from harness.cli.options import open_registry


@click.group(name="assets")
def command() -> None:
    """Link and check data that you must obtain yourself; the harness ships none of it.

    \b
    Examples:
      harness assets list
      harness assets link lfw /data/lfw
      harness assets check lfw
    """


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_assets(obj: dict[str, Any], *, as_json: bool) -> int:
    """List every asset that an installed component can use, and whether you have it."""
    from harness.study.assets import Links, declared
    from harness.study.store import Store

    known, links = declared(open_registry(obj)), Links(Store())
    rows = [
        {**vars(asset), "path": str(links.find(name)) if links.find(name) else None}
        for name, asset in sorted(known.items())
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        have = "have   " if row["path"] else "missing"
        click.echo(f"{have} {row['name']:<20} {row['summary']} ({row['licence']})")
    return 0


@command.command(name="link")
@click.argument("name")
@click.argument("path", type=click.Path(path_type=Path))
@click.pass_obj
def link(obj: dict[str, Any], name: str, path: Path) -> int:
    """Say where an asset lies on this machine."""
    from harness.study.assets import Links, declared
    from harness.study.store import Store

    Links(Store()).add(name, path, declared(open_registry(obj)))
    click.echo(f"{name} -> {path.resolve()}")
    return 0


@command.command(name="check")
@click.argument("name", required=False)
@click.pass_obj
def check(obj: dict[str, Any], name: str | None) -> int:
    """Check that linked assets are there; exit 3 if a named one is missing."""
    from harness.errors import UsageError
    from harness.registry import did_you_mean
    from harness.study.assets import Links, declared, missing_message
    from harness.study.store import Store

    known, links = declared(open_registry(obj)), Links(Store())
    if name is not None and name not in known:
        raise UsageError(f"unknown asset {name!r}{did_you_mean(name, known)}")
    if name is not None and links.find(name) is None:
        raise missing_message({name: known[name]})
    for each in [name] if name else sorted(links.all()):
        path = links.find(each)
        layout = known[each].layout if each in known else ""
        click.echo(f"{each}: {path or 'its folder is gone; link it again'}")
        if layout:
            click.echo(f"  expected layout: {layout}")
    return 0
