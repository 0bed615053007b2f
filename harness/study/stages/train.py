"""Train: a face set and its placements to weights."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.align.aligned import AlignedImages
from harness.components import InputSpec, TrainableModel
from harness.errors import UsageError
from harness.executors.local import cpu_count
from harness.study.plan import Node
from harness.study.session import Session
from harness.study.stages import place

CHECKPOINT_S = 60.0


class LabelledFaces:
    """The placed faces of a face set, with contiguous class labels."""

    def __init__(self, session: Session, node: Node, spec: InputSpec) -> None:
        faces = session.faces(node.inputs["faces"])
        placements = place.load(session, node.inputs["placements"])
        self._aligned = AlignedImages(faces, placements, spec)
        self._index = np.flatnonzero(~placements.failed)
        self.labels: NDArray[np.int64] = np.unique(
            faces.subjects[self._index], return_inverse=True
        )[1].astype(np.int64)

    def __len__(self) -> int:
        return len(self._index)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Aligned pixels, uint8 RGB (H, W, 3)."""
        return self._aligned.image(int(self._index[index]))


def run(node: Node, session: Session, folder: Path) -> dict[str, Any]:
    """Train the node's model; an interrupted training goes on from its last checkpoint."""
    from harness.training.loop import train

    assert node.chosen is not None
    plan = session.plan
    use_threads(session.jobs)
    model, ctx = session.model(node.chosen, node.parts["repeat"], precision=plan.precision)
    if not isinstance(model, TrainableModel):
        raise UsageError(f"model {node.chosen.name} cannot be trained; leave out --generator")
    data = LabelledFaces(session, node, model.input_spec)
    summary = train(
        model,
        data,
        seed=ctx.seed,
        folder=folder,
        device=plan.device,
        precision=plan.precision,
        progress=session.progress,
        checkpoint_s=CHECKPOINT_S,
        threads=max(1, min(session.jobs, 8)),
    )
    return {
        "identities": int(data.labels.max()) + 1,
        **{("image_visits" if k == "images" else k): v for k, v in asdict(summary).items()},
        "images": len(data),
        "embedding_size": model.embedding_size,
        **_said(folder),
        "warnings": [*ctx.notes, *summary.notes],
    }


def _said(folder: Path) -> dict[str, Any]:
    """The settings of the training, and which of them no publication states."""
    from harness.training.loop import RESULT

    written = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    return {"settings": written["settings"], "assumed": written["assumed"]}


def use_threads(jobs: int) -> None:
    """Let torch use as many threads as ``-j`` says; one thread makes the CPU bit-exact."""
    import torch

    torch.set_num_threads(max(1, min(jobs, cpu_count())))
