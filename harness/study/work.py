"""The work of one node: its artifact, made in the store by the stage that it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from harness.registry import source_sha256
from harness.study import media
from harness.study.planned import KIND_OF_STAGE, Cell, Node, Plan
from harness.study.session import Session
from harness.study.stages import embed, generate, place, train


def make_node(session: Session, node: Node) -> None:
    """Make the artifact of a node if it is not there, taking up what was interrupted."""

    def make(folder: Path) -> dict[str, Any]:
        fresh, start = not any(folder.iterdir()), time.perf_counter()
        facts = _stage(session, node, folder)
        if fresh:  # of a stage that was taken up again only a part is known
            facts["wall_s"] = round(time.perf_counter() - start, 3)
        if node.chosen is not None:
            module = node.chosen.provided.component.target.partition(":")[0]
            facts["source_sha256"] = source_sha256(module)
        return facts

    session.store.build(
        KIND_OF_STAGE[node.stage], node.key, node.parts, make, waiting=session.progress.line
    )


def _stage(session: Session, node: Node, folder: Path) -> dict[str, Any]:
    if node.stage == "generate":
        return generate.run(node, session, folder)
    if node.stage == "place":
        owner = owner_of(session.plan, node)
        return place.run(node, owner.benchmark if owner else None, session, folder)
    if node.stage == "train":
        sheet = media.inputs_sheet(session, node)
        session.progress.line(f"{'':>8}  aligned inputs: {sheet}")
        return train.run(node, session, folder)
    cell = cell_of(session.plan, node)
    assert cell is not None, "embed nodes always belong to a cell"
    return embed.run(node, cell, session, folder)


def owner_of(plan: Plan, node: Node) -> Cell | None:
    """The last cell whose benchmark the images of a place node belong to."""
    return next((c for c in reversed(plan.cells) if c.keys["placements"] == node.key), None)


def cell_of(plan: Plan, node: Node) -> Cell | None:
    """The last cell that an embed node belongs to."""
    return next((c for c in reversed(plan.cells) if c.keys["embeddings"] == node.key), None)
