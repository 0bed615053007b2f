"""``harness check``."""

from __future__ import annotations

import json
from typing import Any

import click

from harness.cli.completion import names_of
from harness.cli.options import open_registry
from harness.components import KINDS
from harness.terminal import line, say, say_page


@click.command(name="check")
@click.argument("name", shell_complete=names_of(*KINDS))
@click.option(
    "-P", "params", multiple=True, metavar="KEY=VALUE", help="Set a parameter of the component."
)
@click.option("--json", "as_json", is_flag=True, help="Print a list of reports as JSON.")
@click.pass_obj
def command(obj: dict[str, Any], name: str, params: tuple[str, ...], *, as_json: bool) -> int:
    """Test a component against the contract: seeds, shards, batches, protocols, licence.

    The last line of each report counts the checks. Exits 4 when a check fails.

    \b
    Examples:
      harness check bfm -P identities=2 -P images_per_id=2
      harness check facenet-nn4 -P variant=nn4.small2 --json
      harness --plugins-dir . check mine
    """
    from harness.did_you_mean import did_you_mean
    from harness.errors import UsageError
    from harness.recipe.parameters import parse_assignment
    from harness.testing import run_checks
    from harness.testing.imports import unpromised

    registry = open_registry(obj)
    found = [p for p in registry.components if name in (p.component.name, p.provider)]
    if not found:
        known = [p.component.name for p in registry.components]
        raise UsageError(f"no component {name!r}{did_you_mean(name, known, 'harness list')}")
    values = dict(parse_assignment(text) for text in params)
    found.sort(key=lambda provided: KINDS.index(provided.component.kind))
    reports = [run_checks(registry, provided, values) for provided in found]
    if as_json:
        say_page(json.dumps([report.record() for report in reports], indent=1))
    else:
        say_page("\n".join(line(text) for report in reports for text in report.lines()))
    for text in dict.fromkeys(text for each in found for text in unpromised(each.component)):
        say(line(f"note: {text}"), err=True)
    return 0 if all(report.ok for report in reports) else 4
