"""``harness trace``."""

from __future__ import annotations

import json

import click

from harness.terminal import say, say_page


@click.command(name="trace")
@click.argument("cell", metavar="STUDY[:CELL]")
@click.option("--json", "as_json", is_flag=True, help="Print the graph as one JSON object.")
def command(cell: str, *, as_json: bool) -> int:
    """Show what a number is made of: seed, samples, model, embeddings, scores, threshold, digits.

    CELL is the beginning of a result's id; a study of one cell needs none. A step marked [gone] was
    discarded from the store, [changed] is a scores file that is not the one the result names.

    \b
    Examples:
      harness trace study:3fa9c1
      harness trace study:3fa9c1 --json
    """
    from harness.errors import UsageError
    from harness.reporting.compare.select_cells import pick_cells
    from harness.reporting.trace import environment_lines, record, trace
    from harness.store.artifacts import Store

    found = pick_cells(cell)
    if len(found) > 1:
        ids = ", ".join(sorted(one.result.id[:12] for one in found)[:8])
        raise UsageError(f"{cell} has {len(found)} cells; name one as STUDY:CELL, of {ids}")
    steps = trace(found[0], Store())
    if as_json:
        say_page(json.dumps(record(found[0], steps), indent=1, ensure_ascii=False))
    else:
        for step in steps:
            say(step.line)
        for text in environment_lines(found[0]):
            say(text)
    return 0
