"""Images drawn in batches by torch: a GPU rasterises, shades and blends them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ..model.morphable import MorphableModel
from ..params import BfmParams
from ..shots import Shot, look
from .torch_render import TorchRenderer

TOGETHER = 32
"""Images of a batch: enough to fill a GPU, and half a gigabyte of its memory."""


class RenderBatches:
    """Draws shots of one model on ``device``, by the name that torch has for it.

    Points and cameras are those of the CPU path, so coverage is the same and colours agree to one
    level of 256. Nothing here multiplies matrices, so no TensorFloat-32 can take part.
    """

    def __init__(self, model: MorphableModel, params: BfmParams, device: str) -> None:
        self._device = torch.device(device)
        self._renderer = TorchRenderer(
            model, params.image_px, self._device, params.supersample, look(params)
        )

    def pixels(self, shots: Sequence[Shot]) -> NDArray[np.uint8]:
        """Images uint8 RGB (shots, size, size, 3)."""
        points, albedo = (
            torch.from_numpy(np.stack(parts)).to(self._device)
            for parts in ([shot.points for shot in shots], [shot.albedo for shot in shots])
        )
        return self._renderer.render(
            points,
            albedo,
            [shot.drawn.view.pose for shot in shots],
            np.stack([shot.drawn.light for shot in shots]),
            np.stack([shot.behind for shot in shots]),
            [shot.camera for shot in shots],
        )
