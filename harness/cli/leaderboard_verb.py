"""``harness leaderboard``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.terminal import say_page

if TYPE_CHECKING:
    from harness.reporting.tables.writers import Form


@click.command(name="leaderboard")
@click.argument("studies", nargs=-1, required=True, metavar="STUDY...",
                type=click.Path(path_type=Path))  # fmt: skip
@click.option("-b", "--bench", multiple=True, metavar="NAME", help="Rank by these benchmarks only.")
@click.option("--tex", "form", flag_value="tex", help="Print LaTeX (booktabs).")
@click.option("--csv", "form", flag_value="csv", help="Print CSV in full precision.")
@click.option("--json", "form", flag_value="json", help="Print one JSON object per row.")
def command(studies: tuple[Path, ...], bench: tuple[str, ...], form: Form | None) -> int:
    """Rank generators and models over many studies: Borda count, mean rank, AVG-STD over groups.

    Limited runs, trainings with people of a benchmark in them (`harness leak`) and rows that lack a
    benchmark are shown and not ranked.

    \b
    Examples:
      harness leaderboard study
      harness leaderboard study-a study-b -b lfw,cfp-fp,ijbc --csv
    """
    from harness.recipe.resolve import split_names
    from harness.reporting.leaderboard import leaderboard, ranking
    from harness.reporting.tables.writers import write
    from harness.results.study import load_study

    wanted = [name for value in bench for name in split_names(value)]
    made = ranking(leaderboard(load_study(*studies), wanted))
    say_page(write(made, form or "md"), nl=False)
    return 0
