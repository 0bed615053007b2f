"""``harness plan``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import open_registry, selection, settings

if TYPE_CHECKING:
    from harness.study.recipe import Settings


@click.command(name="plan", context_settings={"max_content_width": 100})
@selection
@click.option("--json", "as_json", is_flag=True, help="Print the plan as one JSON object.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Show every stage of a run: reused or to be made, and why.

    \b
    Examples:
      harness plan -g bfm -m facenet-nn4 -b synthpie
      harness plan -c recipes/demo.toml --json
    """
    return show(ctx.obj, settings(options), as_json=options["as_json"])


def show(obj: dict[str, Any], chosen: Settings, *, as_json: bool) -> int:
    """Print the plan; nothing is made."""
    from harness.api import make_plan
    from harness.study.plan import reason
    from harness.study.store import Store

    registry, store = open_registry(obj, chosen.recipe), Store()
    plan = make_plan(chosen, registry, store)
    rows = []
    for node in plan.nodes.values():
        why = reason(node, store)
        rows.append(
            {
                "stage": node.stage,
                "label": node.label,
                "key": node.key,
                "action": "run" if why else "reuse",
                "reason": why or f"have {node.key[:12]}",
            }
        )
    if as_json:
        cells = [{"key": c.key, "label": c.label, "folder": c.folder} for c in plan.cells]
        click.echo(
            json.dumps(
                {"device": plan.device, "precision": plan.precision, "nodes": rows, "cells": cells},
                indent=1,
            )
        )
        return 0
    for row in rows:
        click.echo(f"{row['stage']:>8}  {row['label']:<40} {row['action']:<6} ({row['reason']})")
    for cell in plan.cells:
        click.echo(f"{'score':>8}  {cell.label}")
    todo = sum(row["action"] == "run" for row in rows)
    click.echo(f"{todo} to make, {len(rows) - todo} reused, {len(plan.cells)} cells", err=True)
    return 0
