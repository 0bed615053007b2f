"""Local contrast normalisation of images (Jarrett et al., ICCV 2009, section 2.1)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

FLOOR = 0.12
"""Added to the deviation that is divided by, in those of the whole image; flat parts stay flat."""

LIMIT = 4.0
"""Values are held within this many local deviations."""


class LocalContrast(nn.Module):
    """Every pixel less the mean around it, over the deviation around it.

    What is around a pixel is weighted by a Gaussian. Light that varies slowly over a face, and how
    hard the contrasts of a photograph are, leave little behind; edges, and their colour, stay.
    """

    blur: Tensor

    def __init__(self, side: int, sigma_px: float) -> None:
        super().__init__()
        self.register_buffer("blur", torch.from_numpy(blurring(side, sigma_px)), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, side, side) to the same, in float32 whatever the precision around it."""
        with torch.autocast(x.device.type, enabled=False):
            apart = x.float()
            apart = apart - self._blurred(apart)
            power = self._blurred(apart.square().mean(1, keepdim=True))
            return (apart / (power.sqrt() + FLOOR)).clamp(-LIMIT, LIMIT)

    def _blurred(self, x: Tensor) -> Tensor:
        return self.blur @ x @ self.blur.T


def blurring(side: int, sigma_px: float) -> NDArray[np.float32]:
    """The matrix (side, side) that blurs a column; its rows sum to 1.

    The Gaussian is cut at two deviations, and the image is mirrored at its edges.
    """
    reach = int(np.ceil(2 * sigma_px))
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / sigma_px) ** 2)
    matrix = np.zeros((side, side))
    for row in range(side):
        at = np.abs(row + offsets)  # mirrored about the first pixel
        at = (side - 1) - np.abs((side - 1) - at % (2 * side - 2))
        np.add.at(matrix[row], at, weights / weights.sum())
    return matrix.astype(np.float32)
