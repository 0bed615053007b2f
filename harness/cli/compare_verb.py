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
    """Test whether method B differs from method A, benchmark by benchmark, on the same pairs.

    A and B are study folders, HTML reports, or rows of one: STUDY:LABEL with the label of a
    generator, a model or both ("bfm > facenet-nn4"), STUDY:LABEL#0 for one seed of it, or
    STUDY:CELL with the beginning of a cell id.

    The trainings of a method (--repeats) are pooled: a two-level t test over training seeds and
    the people of the benchmark. With one training each it compares two networks, by a paired t
    test over people. P-values are corrected for the number of benchmarks (Holm).

    \b
    Examples:
      harness compare baseline study
      harness compare study:bfm study:myfaces
      harness compare study:myfaces#0 study:myfaces#1
      harness compare baseline study --margin 0.5 --fail-on worse
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
        say("")
        for said in _notes(changes):
            say(f"Note: {said}")
    bad = {"worse": ("worse",), "changed": ("worse", "better"), None: ()}[fail_on]
    return 4 if any(change.verdict in bad for change in changes) else 0


def _table(changes: list[Change], margin: float | None) -> str:
    from harness.reporting.tables.escapes import one_lined
    from harness.reporting.tables.writers import pipe
    from harness.results import numbers

    head = ["Bench", "Metric", "A", "B", "B - A", "95 % CI", "p (Holm)"]
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
            change.benchmark, change.metric,
            _side(change.value_a, change.name_a, change.seeds_a),
            _side(change.value_b, change.name_b, change.seeds_b),
            effect, ends, *("" if p is None else f"{p:.3g}" for p in chances),
            f"{change.verdict}{note}",
        ])  # fmt: skip
    sides = ["left"] * 4 + ["right"] * (len(head) - 4) + ["left"]
    return pipe([*head, "Verdict"], one_lined(rows), sides)


def _side(value: float | None, name: str, seeds: int) -> str:
    from harness.results import numbers

    many = f" ({seeds} seeds)" if seeds > 1 else ""
    return f"{numbers.number(value)} {name}{many}"


def _notes(changes: list[Change]) -> list[str]:
    """The test of each benchmark, what it is not about, and where environments differ."""
    tests: dict[str, list[str]] = {}
    about: dict[str, list[str]] = {}
    for change in changes:
        if change.test:
            tests.setdefault(change.test, []).append(change.benchmark)
        for text in (*change.about, *filter(None, [change.environment])):
            about.setdefault(text, []).append(change.benchmark)
    said = [f"tested by {_where(test, names, changes)}" for test, names in tests.items()]
    return [*said, *(_where(text, names, changes) for text, names in about.items())]


def _where(text: str, names: list[str], changes: list[Change]) -> str:
    """The text, with the benchmarks that it is about where it is not about all of them."""
    return text if len(names) == len(changes) else f"{text} ({', '.join(names)})"
