"""Why a stage of a plan runs, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.plan.nodes import KIND_OF_STAGE, Node
from harness.store.artifacts import Store

MOST_CHANGES = 4
"""With more of them another artifact is not an earlier one of the same."""


def reason(node: Node, store: Store) -> str:
    """Why a node runs, in words; empty when its artifact is there to be reused."""
    kind = KIND_OF_STAGE[node.stage]
    if store.find(kind, node.key):
        return ""
    damage = store.damage(kind, node.key)
    if damage is not None:
        return f"damaged: {damage.file} {damage.reason}"
    if store.is_begun(kind, node.key):
        return "interrupted before; continues"
    provider = (node.parts.get("component") or {}).get("provider")
    nearest: list[str] | None = None
    for other in store.of_kind(kind):
        theirs = other.manifest["parts"]
        if (theirs.get("component") or {}).get("provider") != provider:
            continue
        if _kin(theirs) != _kin(node.parts):
            continue
        changes = _changes(theirs, node.parts)
        if nearest is None or len(changes) < len(nearest):
            nearest = changes
    if not nearest or len(nearest) > MOST_CHANGES:
        return "new"
    shown = "; ".join(nearest[:3]) + ("; ..." if len(nearest) > 3 else "")
    return f"changed: {shown}"


def _kin(parts: Mapping[str, Any]) -> list[Any]:
    """What two stages share of which one is a change of the other.

    The set that a benchmark asks for is not a changed version of one to train on, nor is a repeat.
    """
    images = parts.get("images") or {}
    return [sorted(parts.get("inputs", ())), parts.get("seed"), parts.get("repeat"),
            images.get("provider")]  # fmt: skip


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            found += _changes(before, after, f"{prefix}{name}.")
        else:
            label = f"{prefix}{name}".removeprefix("component.").removeprefix("params.")
            found.append(f"{label} {_short(before)} -> {_short(after)}")
    return found


def _short(value: Any) -> str:
    text = value[:12] if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
