"""What a network under training gives for many images: read ahead, in batches, nothing learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from harness.embedding.inputs import to_tensor
from harness.embedding.prefetch import prefetch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from harness.components import InputSpec, ShowProgress
    from harness.training.recipe import TrainingData

BATCH = 64


def outputs(
    forward: Callable[[torch.Tensor], torch.Tensor],
    data: TrainingData,
    numbers: Sequence[int] | NDArray[np.int64],
    spec: InputSpec,
    device: torch.device,
    *,
    threads: int = 2,
    progress: ShowProgress | None = None,
) -> torch.Tensor:
    """Rows of the images ``numbers`` of ``data`` in this order, float32 (N, D) on the CPU.

    ``forward`` maps a batch, as the model's ``InputSpec`` wants it, to (B, D). ``threads`` read and
    align; the rows do not depend on them.
    """
    batches = [numbers[start : start + BATCH] for start in range(0, len(numbers), BATCH)]
    rows: list[torch.Tensor] = []
    done = 0
    with torch.inference_mode():
        for images in prefetch(
            batches,
            lambda batch: np.stack([data.image(int(number)) for number in batch]),
            threads=threads,
        ):
            rows.append(forward(to_tensor(images, spec, device)).float().cpu())
            done += len(images)
            if progress is not None:
                progress(done, len(numbers), "images")
    return torch.cat(rows)
