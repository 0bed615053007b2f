"""Embed: every image of a benchmark by one model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.align.aligned import AlignedImages
from harness.embedding.extract import extract
from harness.study.planned import Cell, Node
from harness.study.session import Session, cell_inputs
from harness.study.stages import place
from harness.study.stages.train import use_threads

BATCH = 64


def run(node: Node, cell: Cell, session: Session, folder: Path) -> dict[str, Any]:
    """Embed the images of the cell's benchmark; resumable by shard."""
    use_threads(session.jobs)
    images = session.benchmark(cell.benchmark, cell_inputs(cell)).images()
    placements = place.load(session, node.inputs["placements"])
    model = session.trained(cell.model, node.inputs.get("model"))
    spec = model.input_spec
    extract(
        model,
        AlignedImages(images, placements, spec),
        images.names,
        mirror=node.parts["mirror"],
        folder=folder,
        progress=session.progress,
        batch_size=session.plan.study.batch_size or BATCH,
        threads=max(1, min(session.jobs, 8)),
    )
    return {
        "images": len(images),
        "failed": int(placements.failed.sum()),
        "embedding_size": model.embedding_size,
        "dtype": "float32",
        "input": {"width": spec.width, "height": spec.height, "template": spec.template,
                  "colour": spec.colour, "mean": spec.mean, "std": spec.std},
    }  # fmt: skip
