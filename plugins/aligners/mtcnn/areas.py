"""Resampling by area from summed-area tables.

A pixel of the result is the mean of the source pixels that its area touches. With a table of sums
every mean costs four reads however large the area, so a whole image pyramid, and any number of
crops, cost no more than the pixels they consist of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIDDLE, RANGE = 127.5, 128.0


class AreaPixels:
    """Images of equal size, uint8 RGB (H, W, 3), from which levels and crops are resampled."""

    def __init__(self, images: Sequence[NDArray[np.uint8]], device: str) -> None:
        self.table = tables(images, device)
        self.height, self.width = self.table.shape[1] - 1, self.table.shape[2] - 1

    def __len__(self) -> int:
        return len(self.table)

    def level(self, scale: float) -> Tensor:
        """The images at ``scale``, float32 (B, 3, h, w), values (x - 127.5) / 128."""
        return pyramid_level(self.table, int(self.height * scale + 1), int(self.width * scale + 1))

    def crops(self, image: NDArray[np.int64], spans: NDArray[np.int64], size: int) -> Tensor:
        """Crops as float32 (n, 3, size, size), black where they leave their image.

        ``image`` (n,) numbers the images, ``spans`` (n, 4) holds first row, end row, first column
        and end column of each crop, not empty.
        """
        return crops(self.table, torch.from_numpy(image), torch.from_numpy(spans), size)


def tables(images: Sequence[NDArray[np.uint8]], device: str) -> Tensor:
    """Sums above and left of every pixel corner, int32 (B, H + 1, W + 1, 3), of equal-size images.

    Sums of large images wrap around; differences of them, of areas up to 8 megapixels, are exact.
    """
    sums = np.stack([cv2.integral(np.ascontiguousarray(image)) for image in images])
    return torch.from_numpy(sums).to(device)


def pyramid_level(table: Tensor, height: int, width: int) -> Tensor:
    """Whole images resampled to float32 (B, 3, height, width), values (x - 127.5) / 128."""
    top, bottom = _edges(table.shape[1] - 1, height, table.device)
    left, right = _edges(table.shape[2] - 1, width, table.device)
    rows = table.index_select(1, bottom) - table.index_select(1, top)
    sums = rows.index_select(2, right) - rows.index_select(2, left)
    areas = (bottom - top)[:, None] * (right - left)
    return _normalise(sums, areas)


def crops(table: Tensor, image: Tensor, spans: Tensor, size: int) -> Tensor:
    """Crops resampled to float32 (n, 3, size, size), values (x - 127.5) / 128.

    ``image`` is int64 (n,), ``spans`` int64 (n, 4): first row, end row, first column, end column
    of each crop, not empty. What is outside the image is black.
    """
    image, spans = image.to(table.device), spans.to(table.device)
    steps = torch.arange(size, device=table.device)
    first, extent = spans[:, 0::2, None], (spans[:, 1::2] - spans[:, 0::2])[:, :, None]
    low = first + steps * extent // size
    high = first - (-(steps + 1) * extent // size)
    areas = (high - low)[:, 0, :, None] * (high - low)[:, 1, None]
    limit = torch.tensor([table.shape[1] - 1, table.shape[2] - 1], device=table.device)
    low, high = (edge.clamp(min=0).minimum(limit[:, None]) for edge in (low, high))
    (top, left), (bottom, right) = low.unbind(1), high.unbind(1)
    # Numbers of rows of the flat table: one index is read several times faster than three.
    start = image[:, None] * table.shape[1]
    top, bottom = (start + top) * table.shape[2], (start + bottom) * table.shape[2]

    def at(rows: Tensor, columns: Tensor) -> Tensor:
        places = (rows[:, :, None] + columns[:, None]).flatten()
        return table.flatten(0, 2).index_select(0, places)

    sums = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left)
    return _normalise(sums.unflatten(0, (-1, size, size)), areas)


def _edges(source: int, target: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """First and end source pixel of each target pixel."""
    steps = torch.arange(target, device=device)
    return steps * source // target, -(-(steps + 1) * source // target)


def _normalise(sums: Tensor, areas: Tensor) -> Tensor:
    # Written out for each channel: a divisor of width 1 keeps the division from being vectorised.
    values = sums.to(torch.float32).div_(areas[..., None].expand(*areas.shape, 3).contiguous())
    return values.sub_(MIDDLE).div_(RANGE).movedim(-1, 1)
