"""``plan.json`` and ``study.toml`` of a study folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from harness.fileio.atomic import write_text
from harness.inputs import shown
from harness.plan.nodes import Plan
from harness.recipe.write import to_toml


def write_plan(plan: Plan, folder: Path) -> None:
    """Write both; earlier ones of other plans are kept beside them."""
    rows = {
        "nodes": [
            {
                "stage": n.stage,
                "label": n.label,
                "key": n.key,
                "inputs": dict(n.inputs),
                "parts": n.parts,
            }
            for n in plan.nodes.values()
        ],
        "cells": [
            {
                "key": c.key,
                "label": c.label,
                "folder": c.folder,
                "inputs": dict(c.keys),
                "published": list(plan.links.get(c.key, ())),
            }
            for c in plan.cells
        ],
        "device": plan.device,
        "precision": plan.precision,
    }
    _write_accretive(folder / "plan.json", json.dumps(rows, indent=1) + "\n")
    _write_accretive(folder / "study.toml", to_toml(plan.recipe))


def _write_accretive(path: Path, text: str) -> None:
    """Write the newest under its plain name; each plan also stays under its own digest."""
    text = shown(text)
    own = hashlib.sha256(text.encode()).hexdigest()[:8]
    write_text(path.with_name(f"{path.stem}-{own}{path.suffix}"), text)
    write_text(path, text)
