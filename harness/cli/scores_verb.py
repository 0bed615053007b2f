"""``harness scores``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from harness.cli.options import open_registry
from harness.terminal import say

FORMS = ("csv", "bob-csv", "four", "five")


@click.group(name="scores")
def command() -> None:
    """Write the scores of a study as files, and score files of other tools.

    \b
    Examples:
      harness scores export study -o scores
      harness scores export study:3fa9 --format four -o scores
      harness scores import scores-dev.csv -b lfw-view2 -m facenet-bob
      harness scores discard scores.csv -q quality.csv
    """


@command.command(name="export")
@click.argument("what", metavar="STUDY[:CELL]")
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Folder for one file per cell.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMS), default="csv", show_default=True,
              help="csv: first,second,genuine[,fold],score; else as Bob does.")  # fmt: skip
def export(what: str, out: Path, form: Any) -> int:
    """Write the stored scores of every cell; higher means more similar, -inf was not compared."""
    from harness.errors import HarnessError
    from harness.protocols.stored import title_and_rule
    from harness.reporting.compare.select_cells import pick_cells
    from harness.results.cells import stored_scores
    from harness.results.score_files import listed_of, write_scores

    failed = 0
    for cell in pick_cells(what):
        path = out / f"{cell.folder.name}{'.csv' if 'csv' in form else '.txt'}"
        try:
            scores = stored_scores(cell.folder, cell.result)
            listed = listed_of(scores.columns, title_and_rule(cell.result.protocol)[1])
            write_scores(path, listed, form)
        except HarnessError as error:
            failed += 1
            say(f"harness: {cell.folder.name}: {error}", err=True)
            continue
        say(str(path))
    return 1 if failed else 0


@command.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-b", "--bench", required=True, metavar="NAME",
              help="Benchmark that was scored, or its name in Bob.")  # fmt: skip
@click.option("--comparison", metavar="NAME", help="Which comparison of the benchmark.")
@click.option("-m", "--model", required=True, metavar="NAME", help="What to call the model.")
@click.option("-o", "--study", default=Path("study"), show_default=True, metavar="DIR",
              type=click.Path(path_type=Path), help="Study to add the cell to.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMS),
              help="Format of the file  [default: detected from its first line]")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def import_file(obj: dict[str, Any], /, file: Path, study: Path, **options: Any) -> int:
    """Score a file of another tool as a cell; higher scores must mean more similar.

    A name of Bob stands for the benchmark it means: `harness show BENCHMARK` lists such names.
    """
    from harness._plugins.aliases import Alias, aliases
    from harness.tools.import_scores import Wanted, import_scores
    from harness.tools.rescore import headline

    registry = open_registry(obj)
    alias = aliases(registry).get(options["bench"], Alias(options["bench"]))
    comparison = options["comparison"] or alias.comparison or "verification"
    wanted = Wanted(alias.benchmark, comparison, options["model"])
    result, folder, new = import_scores(study, file, wanted, registry, options["form"])
    for warning in result.warnings:
        say(f"harness: warning: {warning}", err=True)
    number = headline(result)
    if options["as_json"]:
        record = {"id": result.id, "folder": folder.name, "new": new, "metric": number.name,
                  "at": number.at, "value": number.value}  # fmt: skip
        say(json.dumps(record))
        return 0
    from harness.results import numbers
    from harness.results.operating_points import operating_point

    point = operating_point(number.at)
    say(
        f"{folder}: {number.name}{f' at {point}' if point else ''} "
        f"{numbers.number(number.value, number.unit)}{'' if new else ' (there already)'}"
    )
    return 0


@command.command(name="discard")
@click.argument("file", type=click.Path(path_type=Path), metavar="SCORES")
@click.option(
    "-q",
    "--quality",
    multiple=True,
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="CSV file of image quality; of several, each is compared with the first.",
)
@click.option(
    "--fmr",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.001,
    show_default=True,
    help="The threshold is that of this FMR over all impostors.",
)
@click.option(
    "--limit",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.2,
    show_default=True,
    help="Largest discarded share under which the area is taken.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of resamples.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per quality.")
def discard(file: Path, *, quality: tuple[Path, ...], as_json: bool, **options: Any) -> int:
    """Show FNMR as the comparisons of the lowest image quality are left out (ISO/IEC 29794-1).

    SCORES has the columns first,second,genuine,score; the files of quality name the same images.

    \b
    Examples:
      harness scores discard scores.csv -q quality.csv
      harness scores discard scores.csv -q ofiq.csv -q norm.csv --fmr 0.01
    """
    from dataclasses import asdict

    from tabulate import tabulate

    from harness.terminal import line, say_page
    from harness.tools.sets.discard import SHARES, discard_table

    found = discard_table(file, quality, **options)
    if as_json:
        for row in found.rows:
            say(json.dumps({"threshold": found.threshold, "shares": SHARES, **asdict(row)}))
        return 0
    heads = ["quality", "unrated", *(f"FNMR at {share:.0%}" for share in SHARES), "area",
             "to the first"]  # fmt: skip
    table = [
        [line(f"{row.quality}: {row.column}"), row.unrated, *(f"{e:.4f}" for e in row.fnmr),
         f"{row.area:.4f}", "{:+.4f} [{:+.4f}, {:+.4f}]".format(*row.difference)
         if row.difference else ""]
        for row in found.rows
    ]  # fmt: skip
    say(f"{found.genuine:,} genuine comparisons at an FMR of {options['fmr']:g}, which is a "
        f"threshold of {found.threshold:.6g} over {found.impostors:,} impostors")  # fmt: skip
    say_page(tabulate(table, heads, disable_numparse=True))
    return 0
