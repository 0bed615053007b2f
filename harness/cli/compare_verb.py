"""``harness compare``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from harness.terminal import say, say_page

if TYPE_CHECKING:
    from harness.reporting.compare.studies import Change


@click.command(name="compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--fail-on", type=click.Choice(["worse", "changed"]),
              help="Exit 4 if B is significantly worse, or different with `changed`.")  # fmt: skip
@click.option(
    "--margin",
    type=click.FloatRange(0, 100, min_open=True),
    metavar="POINTS",
    help="Also test non-inferiority and equivalence of B within this many percentage points.",
)
@click.option(
    "--across-alignments",
    is_flag=True,
    help="Compare results whose faces were aligned differently: landmarks or detector.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per benchmark.")
def command(
    first: str,
    second: str,
    fail_on: str | None,
    margin: float | None,
    *,
    across_alignments: bool,
    as_json: bool,
) -> int:
    """Test whether study B differs from study A, benchmark by benchmark, on the same pairs.

    A and B are study folders, HTML reports, or STUDY:CELL with the beginning of a cell id. Accuracy
    is tested by McNemar's test, TAR and rank rates by a bootstrap over subjects, and the p-values
    are corrected for the number of benchmarks (Holm).

    \b
    Examples:
      harness compare baseline study
      harness compare baseline study --margin 0.5
      harness compare study:3fa9 study:b71c --fail-on worse
      harness compare landmarks mtcnn --across-alignments
    """
    from harness.reporting.compare.select_cells import pick_cells
    from harness.reporting.compare.studies import compare

    margin = None if margin is None else margin / 100
    changes = compare(
        pick_cells(first), pick_cells(second), margin=margin, across_alignments=across_alignments
    )
    if as_json:
        for change in changes:
            say(json.dumps(vars(change)))
    else:
        say_page(_table(changes, margin))
        for said in dict.fromkeys(filter(None, (change.environment for change in changes))):
            say("")
            say(f"Note: {said}")
    bad = {"worse": ("worse",), "changed": ("worse", "better"), None: ()}[fail_on]
    return 4 if any(change.verdict in bad for change in changes) else 0


def _table(changes: list[Change], margin: float | None) -> str:
    from harness.reporting.tables.escapes import one_lined
    from harness.reporting.tables.render import pipe
    from harness.results import numbers

    head = ["Bench", "A", "B", "B - A", "95 % CI", "p (Holm)"]
    if margin is not None:
        head += [f"p not worse by {100 * margin:g}", f"p equal within {100 * margin:g}"]
    rows = []
    for change in changes:
        effect = "" if change.effect is None else numbers.difference(change.effect)
        chances = [change.p_value]
        if margin is not None:
            chances += [change.p_not_worse, change.p_equal]
        ends = numbers.interval(change.low, change.high)
        note = f" ({change.note})" if change.note else ""
        rows.append([
            change.benchmark,
            f"{numbers.number(change.value_a)} {change.name_a}",
            f"{numbers.number(change.value_b)} {change.name_b}",
            effect, ends, *("" if p is None else f"{p:.3g}" for p in chances),
            f"{change.verdict}{note}",
        ])  # fmt: skip
    sides = ["left"] * 3 + ["right"] * (len(head) - 3) + ["left"]
    return pipe([*head, "Verdict"], one_lined(rows), sides)
