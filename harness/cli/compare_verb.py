"""``harness compare``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.reporting.compare import Change
    from harness.reporting.study import Cell


@click.command(name="compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--fail-on", type=click.Choice(["worse", "changed"]),
              help="Exit 4 if B is significantly worse, or changed at all.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a benchmark.")
def command(first: str, second: str, fail_on: str | None, *, as_json: bool) -> int:
    """Test whether study B differs from study A, benchmark by benchmark, on the same pairs.

    A and B are study folders, or STUDY:CELL with the beginning of a cell's id.

    \b
    Examples:
      harness compare baseline study
      harness compare study:3fa9 study:b71c --fail-on worse
    """
    from harness.reporting.compare import compare

    changes = compare(_cells(first), _cells(second))
    if as_json:
        for change in changes:
            click.echo(json.dumps(vars(change)))
    else:
        click.echo(_table(changes))
    bad = {"worse": ("worse",), "changed": ("worse", "better"), None: ()}[fail_on]
    return 4 if any(change.verdict in bad for change in changes) else 0


def _cells(text: str) -> list[Cell]:
    from harness.errors import UsageError
    from harness.reporting.study import load_study

    folder, colon, prefix = text.rpartition(":")
    if not colon or Path(text).exists():
        folder, prefix = text, ""
    if not Path(folder).is_dir():
        raise UsageError(f"{folder} is no study folder; give one that `harness run` wrote")
    cells = [cell for cell in load_study(Path(folder)).cells if cell.result.id.startswith(prefix)]
    if not cells:
        raise UsageError(f"{folder} has no finished cell" + (f" {prefix}..." if prefix else ""))
    return cells


def _table(changes: list[Change]) -> str:
    from harness.reporting import numbers
    from harness.reporting.tables import pipe

    head = ["Bench", "A", "B", "B - A", "95 % CI", "p (Holm)", "Verdict"]
    rows = []
    for change in changes:
        effect = "" if change.effect is None else numbers.difference(change.effect)
        chance = "" if change.p_value is None else f"{change.p_value:.3g}"
        ends = numbers.interval(change.low, change.high)
        note = f" ({change.note})" if change.note else ""
        rows.append([
            change.benchmark,
            f"{numbers.number(change.value_a)} {change.name_a}",
            f"{numbers.number(change.value_b)} {change.name_b}",
            effect, ends, chance, f"{change.verdict}{note}",
        ])  # fmt: skip
    return pipe(head, rows, ["left", "left", "left", "right", "right", "right", "left"])
