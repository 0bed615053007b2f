"""``harness plan``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.grouped import GroupedCommand
from harness.cli.options import SETTINGS, run_flags, run_options
from harness.terminal import say, say_page

if TYPE_CHECKING:
    from harness.plan.forecast import Forecast
    from harness.recipe.run_options import RunOptions


@click.command(name="plan", cls=GroupedCommand, context_settings={"max_content_width": 100})
@run_flags(*SETTINGS)
@click.option(
    "-o",
    "--study",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("study"),
    show_default=True,
    metavar="DIR",
    help="Study whose finished cells count.",
)
@click.option(
    "--show-config", is_flag=True, help="Print every value and where it was set, then exit."
)
@click.option(
    "--executor",
    "show_executor",
    is_flag=True,
    help="Print what [executor] would start, such as the job script, then exit.",
)
@run_flags("allow_code")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as one JSON object.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Show every stage of a run: reused or to be made, why, and what it will cost.

    \b
    Examples:
      harness plan -g bfm -m facenet-nn4 -b synthpie
      harness plan -c demo --json
      harness plan -c digi2real2024/6 --show-config
      harness plan -c cluster.toml --executor
    """
    chosen = run_options(ctx.obj, options)
    if options["show_config"]:
        return _config(chosen, as_json=options["as_json"])
    if options["show_executor"]:
        return _executor(chosen)
    return show(chosen, as_json=options["as_json"])


def show(chosen: RunOptions, *, as_json: bool) -> int:
    """Print the plan; nothing is made. Exits 3 where an asset is missing."""
    from harness.api import make_plan, open_registry
    from harness.plan.forecast import forecast
    from harness.recipe.resolve import Surroundings
    from harness.store.artifacts import Store

    registry, store = open_registry(chosen), Store()
    plan = make_plan(chosen, registry, store, tolerant=True, around=Surroundings.of_process())
    found = forecast(plan, store, Path(chosen.study))
    if as_json:
        say_page(json.dumps({"device": plan.device, "precision": plan.precision,
                               **found.record()}, indent=1))  # fmt: skip
    else:
        _print(found)
    if plan.missing:
        from harness.store.assets import Links
        from harness.store.missing_assets import missing_message

        raise missing_message(plan.missing, Links(store), registry)
    return 0


def _print(found: Forecast) -> None:
    for row in found.stages:
        say(f"{row.stage:>8}  {row.label:<40} {row.action:<7} ({row.reason}){row.cost}")
    for cell in found.cells:
        say(f"{'score':>8}  {cell.label:<40} {cell.action:<7} ({cell.reason})")
    say_page(found.summary(), err=True)


def _executor(chosen: RunOptions) -> int:
    from harness.api import choose_executor, make_recipe, open_registry
    from harness.process.cpus import cpu_count
    from harness.recipe.resolve import Surroundings

    registry = open_registry(chosen)
    recipe = make_recipe(chosen, registry, Surroundings.of_process())
    _, executor = choose_executor(recipe, registry, allow_code=chosen.allow_code)
    say_page(executor.describe(cpu_count()))
    return 0


def _config(chosen: RunOptions, *, as_json: bool) -> int:
    from harness.api import make_recipe, open_registry
    from harness.recipe.resolve import Surroundings
    from harness.recipe.show_config import rows

    registry = open_registry(chosen)
    found = list(rows(make_recipe(chosen, registry, Surroundings.of_process()), registry))
    if as_json:
        say_page(json.dumps([vars(row) for row in found], indent=1))
        return 0
    for row in found:
        say(f"{row.path} = {json.dumps(row.value, ensure_ascii=False)}  # {row.origin}")
    return 0
