"""``harness claims``."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import open_registry
from harness.terminal import line, say, say_page

if TYPE_CHECKING:
    from harness.reporting.papers.claims import JudgedClaim, Prove


@click.command(name="claims")
@click.argument("studies", nargs=-1, metavar="[STUDY]...", type=click.Path(path_type=Path))
@click.option("--published", is_flag=True, help="Test the printed numbers instead of a study.")
@click.option("--claim", "wanted", multiple=True, metavar="ID|PAPER", help="Only these.")
@click.option("--all", "every", is_flag=True, help="Print every comparison.")
@click.option("--fail-on", type=click.Choice(["refuted"]), help="Exit 4 if a claim is refuted.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per comparison.")
@click.pass_obj
def command(
    obj: dict[str, Any],
    studies: tuple[Path, ...],
    wanted: tuple[str, ...],
    fail_on: str | None,
    *,
    published: bool,
    every: bool,
    as_json: bool,
) -> int:
    """Say of each claim of a paper if it is supported, refuted or undecided, and by which test.

    \b
    Examples:
      harness claims --published
      harness claims study --claim C3 --all
      harness claims study-a study-b --fail-on refuted
    """
    if published == bool(studies):
        raise click.UsageError("give study folders, or --published for the printed numbers")
    from harness.published.claims import claims
    from harness.reporting.papers.claims import judge, of_study

    open_registry(obj)
    chosen = claims(wanted)
    if published:
        from harness.reporting.papers.published_intervals import proof

        prove: Prove = proof
    else:
        from harness.reporting.papers.against import gather
        from harness.results.study import load_study

        prove = of_study(gather(load_study(*studies)))
    found = [judge(claim, prove) for claim in chosen]
    if as_json:
        _print_json(found)
    else:
        say_page("\n".join(map(line, _lines(found, every=every))))
    return 4 if fail_on and any(one.outcome == fail_on for one in found) else 0


def _lines(found: list[JudgedClaim], *, every: bool) -> list[str]:
    from harness.reporting.papers.claims_text import comparison_line, part_line, usual_test

    usual = usual_test(part for one in found for part in one.parts)
    lines = []
    for one in found:
        lines.append(f"{one.claim.id}  {one.outcome:<9}  {one.claim.text} ({one.claim.paper})")
        for part in one.parts:
            lines.append(f"    {part.outcome:<9}  {part_line(part, usual)}")
            if every:
                lines += [f"        {tested.outcome:<9}  {comparison_line(tested)}"
                          for tested in part.tested]  # fmt: skip
    counts = Counter(one.outcome for one in found)
    lines.append(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    if usual:
        lines.append(f"test, where no other is named: {usual}")
    return lines


def _print_json(found: list[JudgedClaim]) -> None:
    from harness.reporting.papers.claims_text import record_of

    for one in found:
        for part in one.parts:
            for tested in part.tested:
                row = {"claim": one.claim.id, "paper": one.claim.paper, "text": one.claim.text,
                        "claim_outcome": one.outcome, "part": part.text,
                        "part_outcome": part.outcome, **record_of(tested)}  # fmt: skip
                say(json.dumps(row, ensure_ascii=False))
