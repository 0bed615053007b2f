"""What ``--rerun`` selects of a plan, and discarding it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from harness.errors import UsageError
from harness.plan.nodes import KIND_OF_STAGE, Plan
from harness.store.artifacts import Store

KEY_PREFIX = 8


def discard(plan: Plan, store: Store, folder: Path, selections: Iterable[str]) -> None:
    """Discard what is selected, and everything that is made from it.

    A selection is a stage, a component, a whole label, or eight or more characters of a key.
    Nothing is discarded before every selection is found to name something.
    """
    nodes: set[str] = set()
    cells: set[str] = set()
    for chosen in selections:
        found = {
            n.key
            for n in plan.nodes.values()
            if _selects(chosen, n.stage, n.label, n.key) or (n.worker and chosen == n.worker.name)
        }
        scored = {c.key for c in plan.cells if _selects(chosen, "score", c.label, c.key)}
        if not found and not scored:
            raise UsageError(
                f"--rerun {chosen!r} selects nothing; give a stage, a component or at least "
                f"{KEY_PREFIX} characters of a key of the plan"
            )
        nodes |= found
        cells |= scored
    for node in plan.nodes.values():  # in an order in which inputs come first
        if nodes.intersection(node.inputs.values()):
            nodes.add(node.key)
    cells |= {c.key for c in plan.cells if nodes.intersection(c.keys.values())}
    for key in nodes:
        store.discard(KIND_OF_STAGE[plan.nodes[key].stage], key)
    for cell in plan.cells:
        if cell.key in cells:
            (folder / "cells" / cell.folder / "result.json").unlink(missing_ok=True)


def _selects(chosen: str, stage: str, label: str, key: str) -> bool:
    by_key = len(chosen) >= KEY_PREFIX and key.startswith(chosen)
    parts = re.sub(r" #\d+$", "", label).split(" > ")
    return by_key or chosen in (stage, label) or chosen in parts
