"""The first faces of a set, made before the rest: a picture to look at while it is made.

It also compiles in this process what workers would compile each for themselves.
"""

from __future__ import annotations

import time
from pathlib import Path

from harness.align.decode import decode
from harness.components import Generator
from harness.engine.session import Session
from harness.errors import HarnessError
from harness.faces.contact_sheet import contact_sheet
from harness.faces.face import Face
from harness.faces.slots import Slots
from harness.plan.nodes import Node

ROWS, COLUMNS = 4, 4
FROM_SLOTS = 100
"""Smaller sets have their own contact sheet soon."""
LOOKED_AT = 4000
BUDGET_S = 10.0


def show(node: Node, session: Session, generator: Generator, slots: Slots) -> Path | None:
    """Write a contact sheet of the first faces and show where it is; None where there is none.

    The same slots are made again with the set, where they depend on nothing but their numbers, so
    this changes no byte of it. Generators that are not exact are as slow as a diffusion model, and
    are left alone.
    """
    exact = node.component.provided.component.determinism == "exact"
    if not exact or len(slots) < FROM_SLOTS:
        return None
    path = session.folder / "media" / f"first-{node.key[:12]}.jpg"
    some = slots.between(0, LOOKED_AT)
    wanted = [slot for slot in some if slot.identity < ROWS and slot.sample < COLUMNS]
    faces: dict[int, list[Face]] = {}
    start = time.monotonic()
    try:
        for item in generator.generate(wanted):
            if isinstance(item, Face):
                faces.setdefault(item.slot.identity, []).append(item)
            if time.monotonic() - start > BUDGET_S:
                break
        rows = [[decode(face.image, node.label) for face in row] for row in faces.values()]
    except HarnessError:
        return None  # the set itself meets it too, and says so
    if not rows:
        return None
    contact_sheet(rows, path, row_labels=[str(identity) for identity in faces])
    session.progress.line(f"{'':>8}  first faces: {path}")
    return path
