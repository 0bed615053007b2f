"""What a plan would do, row by row: run, reuse or blocked, why, and at what cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from harness.plan.cache_reasons import reason
from harness.plan.cost import Estimator, NodeCost, Total
from harness.plan.nodes import Node, Plan, PlannedCell
from harness.plan.resolve_components import MISSING
from harness.store.artifacts import Store

Action = Literal["run", "reuse", "blocked"]


@dataclass(frozen=True)
class StageRow:
    """One stage; ``seconds`` and ``bytes`` are None where nobody can tell."""

    stage: str
    label: str
    key: str
    action: Action
    reason: str
    estimate: NodeCost

    @property
    def cost(self) -> str:
        """Images and time in words, empty for what is there."""
        told = self.estimate
        if self.action == "reuse" or (told.images is None and told.seconds is None):
            return ""
        parts = [f"{told.images:,} images"] if told.images is not None else []
        if told.seconds is not None:
            parts.append(f"{duration(told.seconds)}{'' if told.measured else ' (default rate)'}")
        return f"  {', '.join(parts)}"


@dataclass(frozen=True)
class CellRow:
    """One cell, with the published numbers that it is to be compared with."""

    key: str
    label: str
    folder: str
    action: Action
    reason: str
    published: tuple[str, ...]


@dataclass(frozen=True)
class Forecast:
    """All rows of a plan."""

    stages: tuple[StageRow, ...]
    cells: tuple[CellRow, ...]
    total: Total
    missing: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """As JSON."""
        nodes = [{**asdict(row), "estimate": asdict(row.estimate)} for row in self.stages]
        return {"nodes": nodes, "cells": [asdict(cell) for cell in self.cells],
                "total": asdict(self.total), "missing": list(self.missing)}  # fmt: skip

    def summary(self) -> str:
        """The last lines: counts, cost, and the basis of the estimate."""
        count = {
            action: sum(row.action == action for row in self.stages)
            for action in ("run", "reuse", "blocked")
        }
        blocked = f", {count['blocked']} blocked" if count["blocked"] else ""
        cells = f"{len(self.cells)} cell{'' if len(self.cells) == 1 else 's'}"
        lines = [f"{count['run']} to run, {count['reuse']} reused{blocked}, {cells}"]
        total = self.total
        if count["run"] or count["blocked"]:
            lines.append(self.amount())
        if total.unknown:
            lines.append(
                f"unknown size: {len(total.unknown)} "
                f"stage{'' if len(total.unknown) == 1 else 's'}, the first is {total.unknown[0]}"
            )
        return "\n".join(lines)

    def amount(self) -> str:
        """Images, disk and time of what is to be made, and the basis of the estimate."""
        total = self.total
        if total.unknown and not total.seconds:
            return "of a size that is known only with its data"
        least = "at least " if total.unknown else ""
        basis = "partly default rates" if total.assumed else "rates measured in this store"
        return (
            f"{least}{total.images:,} images to generate, {size(total.bytes)}, "
            f"about {duration(total.seconds)} ({basis})"
        )


def forecast(plan: Plan, store: Store, study: Path) -> Forecast:
    """Look at every node and cell of a plan; ``study`` is the folder of finished cells."""
    estimator, total, rows = Estimator(plan, store), Total(), []
    lacks: dict[str, tuple[str, ...]] = {}
    for node in plan.nodes.values():
        inherited = [name for key in node.inputs.values() for name in lacks.get(key, ())]
        lacks[node.key] = tuple(dict.fromkeys([*_absent(node.parts), *inherited]))
        why = reason(node, store)
        estimate = estimator.of(node, there=not why)
        if why:
            total.add(node, estimate)
        rows.append(_stage(node, why, lacks[node.key], estimate))
    actions = {row.key: row for row in rows}
    cells = tuple(_cell(plan, cell, actions, lacks, study) for cell in plan.cells)
    return Forecast(tuple(rows), cells, total, tuple(plan.missing))


def _stage(node: Node, why: str, lacks: tuple[str, ...], estimate: NodeCost) -> StageRow:
    action: Action = "blocked" if lacks and why else "run" if why else "reuse"
    told = f"needs asset {', '.join(lacks)}" if lacks and why else why or f"have {node.key[:12]}"
    return StageRow(node.stage, node.label, node.key, action, told, estimate)


def _cell(
    plan: Plan,
    cell: PlannedCell,
    rows: Mapping[str, StageRow],
    lacks: Mapping[str, tuple[str, ...]],
    study: Path,
) -> CellRow:
    absent = [name for key in cell.keys.values() for name in lacks.get(key, ())]
    absent += _absent(cell.benchmark.identity())
    todo = [rows[k].stage for k in cell.keys.values() if k in rows and rows[k].action != "reuse"]
    action: Action = "run"
    if (study / "cells" / cell.folder / "result.json").exists():
        action, why = "reuse", f"have {cell.key[:12]}"
    elif absent:
        action, why = "blocked", f"needs asset {', '.join(dict.fromkeys(absent))}"
    else:
        why = f"after {', '.join(dict.fromkeys(todo))}" if todo else "not scored yet"
    links = plan.links.get(cell.key, ())
    return CellRow(cell.key, cell.label, cell.folder, action, why, links)


def _absent(parts: Mapping[str, Any]) -> list[str]:
    """Assets that are in the parts of a key as missing."""
    text = json.dumps(parts)
    return [piece.partition('"')[0] for piece in text.split(f'"{MISSING}')[1:]]


def duration(seconds: float) -> str:
    """``12 s``, ``3.4 min``, ``5.6 h``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:,.1f} h"


def size(count: float) -> str:
    """``12 MB``, ``3.4 GB``."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"
