"""``harness table``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import open_registry
from harness.terminal import say, say_page

if TYPE_CHECKING:
    from harness._plugins.registry import Registry

FAILS = {"below": {"below"}, "outside": {"below", "above"}}


@click.command(name="table")
@click.argument("table", metavar="PAPER/TABLE|PAPER|all")
@click.argument("studies", nargs=-1, metavar="[STUDY]...", type=click.Path(path_type=Path))
@click.option("--tex", "form", flag_value="tex", help="Print LaTeX (booktabs).")
@click.option("--csv", "form", flag_value="csv", help="Print CSV in full precision.")
@click.option("--json", "form", flag_value="json", help="Print one JSON object per number.")
@click.option(
    "--recipes",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where PAPER/TABLE.toml is, which tells what a number waits for  [those installed]",
)
@click.option(
    "--fail-on",
    type=click.Choice(list(FAILS)),
    help="Exit 4 if a number is below the published one, or outside of it at all.",
)
@click.pass_obj
def command(
    obj: dict[str, Any],
    table: str,
    studies: tuple[Path, ...],
    form: str | None,
    recipes: Path | None,
    fail_on: str | None,
) -> int:
    """Print published tables side by side with what studies measured, and a verdict.

    Without a study, and in a study that has a part of a table only, the other numbers say why they
    are not there.

    \b
    Examples:
      harness table digi2real2024/6
      harness table digi2real2024/6 study
      harness table all study-a study-b --csv
    """
    from harness.recipe import bundled
    from harness.reporting.papers.against import gather
    from harness.reporting.papers.paper_table import names, paper_table
    from harness.results.study import load_study

    registry = open_registry(obj)
    wanted = names([table])
    absent: dict[str, str] = {}
    for name in wanted:
        absent |= _waiting(registry, (recipes or bundled.folder()) / f"{name}.toml")
    evidence = gather(load_study(*studies, allow_empty=True), absent)
    made = [paper_table(name, evidence) for name in wanted]
    if form == "csv":
        for other in made[1:]:
            made[0].records += other.records
        say_page(made[0].comma_separated(), nl=False)
    elif form == "json":
        for line in (record for one in made for record in one.records):
            say(json.dumps(line, ensure_ascii=False))
    else:
        say_page("\n".join(one.render("tex" if form == "tex" else "md") for one in made), nl=False)
    for link in evidence.unknown:
        say(f"left out: {link}, of a paper that no plugin here provides", err=True)
    bad = FAILS.get(fail_on or "", set())
    return 4 if any(line["verdict"] in bad for one in made for line in one.records) else 0


def _waiting(registry: Registry, recipe: Path) -> dict[str, str]:
    """What the cells of a recipe wait for, by link; nothing where there is no recipe."""
    if not recipe.is_file():
        return {}
    from harness.api import make_plan
    from harness.plan.forecast import forecast
    from harness.recipe.run_options import RecipeFlags
    from harness.store.artifacts import Store

    store = Store()
    plan = make_plan(RecipeFlags(recipe=recipe), registry, store, tolerant=True)
    rows = forecast(plan, store, recipe.parent).cells
    return {link: row.reason for row in rows if row.action == "blocked" for link in row.published}
