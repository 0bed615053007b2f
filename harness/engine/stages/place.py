"""Place: where the face is in every image of a face set or a benchmark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from harness.align.place import Policy, Rule, place, resolve
from harness.align.placements import Placements
from harness.components import Aligner
from harness.engine import chunks
from harness.engine.session import Session
from harness.errors import DataError
from harness.faces.views import Subset
from harness.plan.nodes import Node

FILE = "placements.arrow"
NAMED = 3
"""Reasons that an error names."""


class Placing(chunks.Split):
    """Faces of the node's benchmark or face set; a detector's work is in parts."""

    @property
    def size(self) -> int:
        """Images of a part; what needs no pixels is one part."""
        return chunks.PART_IMAGES if self.method == "detector" else max(1, len(self.images))

    @cached_property
    def method(self) -> Policy:
        """How all of them are aligned, which no single chunk knows."""
        study = self.session.plan.study
        detector = self.node.worker is not None and study.align in ("auto", "detector")
        rule = Rule(study.align, study.on_failure, study.max_doubtful)
        return cast(Policy, resolve(rule, self.images, detector=detector))

    @cached_property
    def aligner(self) -> Aligner | None:
        """The detector, where it is used."""
        if self.node.worker is None or self.method != "detector":
            return None
        return self.session.aligner(self.node.worker)

    def make(
        self, folder: Path, first: int, last: int, progress: Callable[..., None]
    ) -> dict[str, Any]:
        """See :class:`harness.engine.chunks.Split`."""
        study = self.session.plan.study
        whole = (first, last) == (0, len(self.images))
        placements = place(
            self.images if whole else Subset(self.images, np.arange(first, last)),
            Rule(self.method, study.on_failure, study.max_doubtful),
            aligner=self.aligner,
            folder=folder,
            progress=progress,
        )
        placements.save(folder / FILE)
        return {}

    def join(self, parts: Sequence[Path], folder: Path) -> None:
        """See :class:`harness.engine.chunks.Split`."""
        found = [Placements.load(part / FILE) for part in parts]
        Placements(
            np.concatenate([part.landmarks for part in found]),
            np.concatenate([part.scores for part in found]),
            [method for part in found for method in part.methods],
            [reason for part in found for reason in part.reasons],
        ).save(folder / FILE)


def run(node: Node, session: Session, folder: Path) -> dict[str, Any]:
    """Place the faces of the node's benchmark or face set."""
    placing = Placing(session, node)
    chunks.run(placing, folder)
    images, placements = placing.images, Placements.load(folder / FILE)
    if placements.failed.all():
        reasons = _few(list(placements.failures())) or "no images"
        raise DataError(f"no face was found in any image of {node.label}: {reasons}")
    failed = [images.names[int(i)] for i in placements.failed.nonzero()[0][:100]]
    return {
        "images": len(placements),
        "failed": int(placements.failed.sum()),
        "placed_by": placements.counts(),
        "reasons": _kinds(placements.failures()),
        "failed_names": failed,
    }


def _few(reasons: Sequence[str]) -> str:
    """The first reasons: each may name a file of its own, and there may be a million."""
    more = len(reasons) - NAMED
    return ", ".join(reasons[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _kinds(reasons: dict[str, int]) -> dict[str, int]:
    """Counts by kind of reason: what follows the first colon names a file."""
    kinds: Counter[str] = Counter()
    for reason, count in reasons.items():
        kinds[reason.partition(":")[0]] += count
    return dict(kinds)


def load(session: Session, key: str) -> Placements:
    """The placements under a key."""
    return Placements.load(session.store.get("placements", key).folder / FILE)
