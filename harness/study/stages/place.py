"""Place: where the face is in every image of a face set or a benchmark."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from harness.align.place import Rule, place
from harness.align.placements import Placements
from harness.components import Aligner
from harness.errors import DataError
from harness.study.planned import Chosen, Node
from harness.study.session import Session, create

FILE = "placements.arrow"


def run(node: Node, owner: Chosen | None, session: Session, folder: Path) -> dict[str, Any]:
    """Place the faces of ``owner`` (a benchmark) or of the node's face set."""
    images = session.images(owner, node.inputs)
    study = session.plan.study
    aligner = None
    if node.chosen is not None and study.align in ("auto", "detector"):
        aligner = create(node.chosen, Aligner)
        aligner.prepare(session.context(node.chosen, seed=0))
    placements = place(
        images,
        Rule(study.align, study.on_failure),
        aligner=aligner,
        folder=folder,
        progress=session.progress,
    )
    if placements.failed.all():
        reasons = ", ".join(placements.failures()) or "no images"
        raise DataError(f"no face was placed in any image of {node.label}: {reasons}")
    placements.save(folder / FILE)
    failed = [images.names[int(i)] for i in placements.failed.nonzero()[0][:100]]
    return {
        "images": len(placements),
        "failed": int(placements.failed.sum()),
        "placed_by": placements.counts(),
        "reasons": _kinds(placements.failures()),
        "failed_names": failed,
    }


def _kinds(reasons: dict[str, int]) -> dict[str, int]:
    """Counts by kind of reason: what follows the first colon names a file."""
    kinds: Counter[str] = Counter()
    for reason, count in reasons.items():
        kinds[reason.partition(":")[0]] += count
    return dict(kinds)


def load(session: Session, key: str) -> Placements:
    """The placements under a key."""
    return Placements.load(session.store.get("placements", key).folder / FILE)
