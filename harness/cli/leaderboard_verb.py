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
@click.option("--by", metavar="MEASURE",
              help="Rank face sets by a measure: METRIC or MEASURE.METRIC.")  # fmt: skip
@click.option("--tex", "form", flag_value="tex", help="Print LaTeX (booktabs).")
@click.option("--csv", "form", flag_value="csv", help="Print CSV in full precision.")
@click.option("--json", "form", flag_value="json", help="Print one JSON object per row.")
def command(
    studies: tuple[Path, ...], bench: tuple[str, ...], by: str | None, form: Form | None
) -> int:
    """Rank generators and models over many studies: Borda count, mean rank, AVG-STD over groups.

    Limited runs, trainings with people of a benchmark in them (`harness leak`) and rows that lack a
    benchmark are shown and not ranked.

    \b
    Examples:
      harness leaderboard study
      harness leaderboard study-a study-b -b lfw,cfp-fp,ijbc --csv
      harness leaderboard study --by separability.eer
    """
    from harness.recipe.resolve import split_names
    from harness.reporting.leaderboard import leaderboard, ranking
    from harness.reporting.tables.writers import write
    from harness.results.study import load_study

    if by is not None:
        from harness.errors import UsageError
        from harness.reporting.set_ranking import set_ranking

        if bench:
            raise UsageError("--by ranks face sets, which have no benchmark; leave out --bench")
        say_page(write(set_ranking(load_study(*studies).measurements, by), form or "md"), nl=False)
        return 0
    wanted = [name for value in bench for name in split_names(value)]
    made = ranking(leaderboard(load_study(*studies), wanted))
    say_page(write(made, form or "md"), nl=False)
    return 0
