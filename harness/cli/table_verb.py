"""``harness table``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import open_registry
from harness.errors import UsageError
from harness.terminal import say, say_page

if TYPE_CHECKING:
    from harness._plugins.registry import Registry
    from harness.reporting.papers.against import Evidence
    from harness.reporting.tables.grid import Grid

FAILS = {"below": {"below"}, "outside": {"below", "above"}}
FILES = ("csv", "json")


@click.command(name="table")
@click.argument("table", metavar="PAPER/TABLE|PAPER|all|STUDY")
@click.argument("studies", nargs=-1, metavar="[STUDY]...", type=click.Path(path_type=Path))
@click.option("--tex", "form", flag_value="tex", help="Print LaTeX (booktabs).")
@click.option("--hlines", "form", flag_value="hlines", help="Print LaTeX that needs no package.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV in full precision.")
@click.option("--json", "form", flag_value="json", help="Print one JSON object per number or row.")
@click.option("--long", "as_list", is_flag=True,
              help="Print one line per published number, with its verdict.")  # fmt: skip
@click.option(
    "--spread",
    type=click.Choice(["interval", "std", "none"]),
    help="Of a study: what follows a number; std is over seeds  [default: interval]",
)
@click.option(
    "--mark",
    type=click.Choice(["significant", "value", "none"]),
    help="Of a study: which numbers are marked as best and second best  [default: significant]",
)
@click.option(
    "--measure",
    "measures",
    multiple=True,
    metavar="NAME",
    help="Of a study: a column of this measure of the face sets, as MEASURE.METRIC.",
)
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
    spread: str | None,
    mark: str | None,
    measures: tuple[str, ...],
    recipes: Path | None,
    fail_on: str | None,
    *,
    as_list: bool,
) -> int:
    """Print a study, or published tables with what studies measured, as methods by benchmarks.

    Of a study each row is a generator and a model, with the mean over seeds. Of a published table
    each row is a method as the paper prints it, and where studies measured it, their numbers are
    below. CSV and JSON have every number in full precision, with its verdict.

    \b
    Examples:
      harness table study --tex
      harness table study --spread std --mark value
      harness table study --measure separability.eer
      harness table digi2real2024/6 study
      harness table all study-a study-b --csv
    """
    registry = open_registry(obj)
    if _is_study(table):
        _refuse("a study", {"--long": as_list, "--recipes": recipes, "--fail-on": fail_on})
        made = [_study_grid([Path(table), *studies], spread, mark, measures)]
        _print(made, form)
        return 0
    _refuse("a published table", {"--spread": spread, "--mark": mark, "--measure": measures})
    names, evidence = _evidence(registry, table, studies, recipes)
    from harness.reporting.papers.paper_pivot import paper_pivot
    from harness.reporting.papers.paper_table import paper_table

    listed = [paper_table(name, evidence) for name in names]
    whole = as_list or form in FILES
    _print(listed if whole else [paper_pivot(name, evidence) for name in names], form)
    for link in evidence.unknown:
        say(f"left out: {link}, of a paper that no plugin here provides", err=True)
    bad = FAILS.get(fail_on or "", set())
    return 4 if any(line["verdict"] in bad for one in listed for line in one.records) else 0


def _is_study(table: str) -> bool:
    """Whether a folder is meant; a paper of that name is first, and ``./NAME`` is the folder."""
    from harness.published import records

    known = table == "all" or table.partition("/")[0] in records.papers()
    return not known and Path(table).is_dir()


def _refuse(what: str, flags: dict[str, object]) -> None:
    given = [name for name, value in flags.items() if value]
    if given:
        raise UsageError(f"{given[0]} is not for {what}; leave it out")


def _study_grid(folders: list[Path], spread: Any, mark: Any, measures: Sequence[str]) -> Grid:
    from harness.reporting.compare.rows import judge_rows
    from harness.reporting.tables.matrix import Names, build
    from harness.reporting.tables.measured_metric import row_measure
    from harness.reporting.tables.paper_grid import paper_grid
    from harness.results.study import load_study

    study = load_study(*folders)
    matrix = build(study.results, study.failures)
    judge_rows(matrix, study.cells)
    names = Names.of(study.results)
    matrix.measures = tuple(row_measure(study, names, name) for name in measures)
    return paper_grid(matrix, spread=spread or "interval", marks=mark or "significant")


def _evidence(
    registry: Registry, table: str, studies: tuple[Path, ...], recipes: Path | None
) -> tuple[list[str], Evidence]:
    """The tables meant, and what the studies have for their numbers."""
    from harness.recipe import bundled
    from harness.reporting.papers.against import gather
    from harness.reporting.papers.paper_table import names
    from harness.results.study import load_study

    wanted = names([table])
    absent: dict[str, str] = {}
    for name in wanted:
        absent |= _waiting(registry, (recipes or bundled.folder()) / f"{name}.toml")
    return wanted, gather(load_study(*studies, allow_empty=True), absent)


def _print(grids: list[Grid], form: str | None) -> None:
    from harness.reporting.tables import writers

    if form == "csv":  # one file with one line of names
        first, *others = grids
        for other in others:
            first.rows += other.rows
        say_page(writers.comma_separated(first), nl=False)
    elif form == "json":
        say_page("".join(map(writers.json_lines, grids)), nl=False)
    elif form == "hlines":
        say_page("\n".join(writers.latex(grid, booktabs=False) for grid in grids), nl=False)
    else:
        written = writers.latex if form == "tex" else writers.markdown
        say_page("\n".join(written(grid) for grid in grids), nl=False)


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
