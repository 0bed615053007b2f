"""Embed: every image of a benchmark by one model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.align.aligned import AlignedImages
from harness.align.placements import Placements
from harness.components import Model
from harness.embedding.concatenated import concatenate
from harness.embedding.extract import extract
from harness.engine import chunks
from harness.engine.session import Session
from harness.engine.stages import place
from harness.engine.stages.train import use_threads
from harness.plan.nodes import Node

BATCH = 64


class Embedding(chunks.Split):
    """The images of the node's benchmark in whole batches, the same ones in any number of parts."""

    @property
    def batch(self) -> int:
        """Images that go through the network at once."""
        return self.session.plan.study.batch_size or BATCH

    @property
    def size(self) -> int:
        """Images of a part."""
        return max(1, chunks.PART_IMAGES // self.batch) * self.batch

    @cached_property
    def placements(self) -> Placements:
        """Where the faces are."""
        return place.load(self.session, self.node.inputs["placements"])

    @cached_property
    def opened(self) -> tuple[Model, list[str]]:
        """The network with its weights, and what it noted."""
        use_threads(self.session)
        said: list[str] = []
        return self.session.trained(self.node.component, self.node.inputs.get("model"), said), said

    def make(
        self, folder: Path, first: int, last: int, progress: Callable[..., None]
    ) -> dict[str, Any]:
        """See :class:`harness.engine.chunks.Split`."""
        model, said = self.opened
        spec = model.input_spec
        aligned = AlignedImages(self.images, self.placements, spec)
        extract(
            model,
            _Range(aligned, first, last),
            [self.images.names[index] for index in range(first, last)],
            mirror=self.node.parts["mirror"],
            folder=folder,
            progress=progress,
            batch_size=self.batch,
            threads=max(1, min(self.session.jobs, 8)),
        )
        return {
            "embedding_size": model.embedding_size,
            "dtype": "float32",
            "warnings": said,
            "input": {"width": spec.width, "height": spec.height, "template": spec.template,
                      "colour": spec.colour, "mean": spec.mean, "std": spec.std},
        }  # fmt: skip

    def join(self, parts: Sequence[Path], folder: Path) -> None:
        """See :class:`harness.engine.chunks.Split`."""
        concatenate(parts, folder)


class _Range:
    """Aligned images that follow each other, numbered from 0."""

    def __init__(self, data: AlignedImages, first: int, last: int) -> None:
        self._data, self._first, self._count = data, first, last - first

    def __len__(self) -> int:
        return self._count

    def failed(self, index: int) -> str | None:
        """Why image ``index`` has no face, or None when it has one."""
        return self._data.failed(self._first + index)

    def image(self, index: int) -> NDArray[np.uint8]:
        """One aligned image, uint8 RGB (H, W, 3)."""
        return self._data.image(self._first + index)


def run(node: Node, session: Session, folder: Path) -> dict[str, Any]:
    """Embed the images of the node's benchmark; resumable by part and within one."""
    embedding = Embedding(session, node)
    made = chunks.run(embedding, folder)
    failed = int(embedding.placements.failed.sum())
    return {"images": len(embedding.images), "failed": failed, **made}
