"""The cascade: proposals at all scales, refinement, output with landmarks (Zhang et al. 2016).

As in the original, a crop that leaves the image is filled up with black. (facenet-pytorch cuts it
off and stretches what is left, which moves landmarks near the edge by several pixels.)

Images of equal size share the first network's batches; the crops of all images share those of the
second and third. Box arithmetic is numpy on the CPU, networks and resampling run on the device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from . import areas
from .boxes import Floats, regress, spans, square, suppress_groups
from .networks import ONet, PNet, RNet

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELL, STRIDE = 12, 2


@dataclass(frozen=True)
class Faces:
    """The faces of one image: boxes (k, 4), landmarks (k, 5, 2) and scores (k,), float32."""

    boxes: Floats
    landmarks: Floats
    scores: Floats


@dataclass(frozen=True)
class Candidates:
    """Boxes on the way through the cascade: boxes (n, 4), scores (n,), image numbers (n,)."""

    boxes: Floats
    scores: Floats
    image: NDArray[np.int64]

    def take(self, rows: NDArray[Any]) -> Candidates:
        """The rows given by number or by mask."""
        return Candidates(self.boxes[rows], self.scores[rows], self.image[rows])


@dataclass(frozen=True)
class Group:
    """Images of equal size: number of the first, and their summed-area tables."""

    start: int
    table: Tensor

    @property
    def stop(self) -> int:
        """Number after the last image."""
        return self.start + len(self.table)


Groups = Sequence[Group]


def join(parts: Sequence[Candidates]) -> Candidates:
    """Candidates one after the other."""
    return Candidates(
        np.concatenate([np.empty((0, 4), np.float32), *(part.boxes for part in parts)]),
        np.concatenate([np.empty(0, np.float32), *(part.scores for part in parts)]),
        np.concatenate([np.empty(0, np.int64), *(part.image for part in parts)]),
    )


def scales(height: int, width: int, min_face: float, factor: float) -> list[float]:
    """Scales of the pyramid, so that a face of ``min_face`` pixels fills the 12-pixel cell."""
    scale, found = CELL / min_face, []
    shorter = min(height, width) * scale
    while shorter >= CELL:
        found.append(scale)
        scale, shorter = scale * factor, shorter * factor
    return found


class Cascade:
    """The three networks with their thresholds, on one device."""

    def __init__(
        self,
        networks: tuple[PNet, RNet, ONet],
        thresholds: tuple[float, float, float],
        factor: float,
        min_face: float,
        device: str,
    ) -> None:
        self.pnet, self.rnet, self.onet = networks
        for network in networks:
            network.eval().to(device)
            for weight in network.parameters():
                if weight.ndim == 4:  # pools and convolutions are twice as fast in this order
                    weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        self.thresholds = thresholds
        self.factor = factor
        self.min_face = min_face
        self.device = device
        # Small calls stay in a CPU's cache; large ones fill a GPU.
        self.crops = 64 if device == "cpu" else 2048

    @torch.inference_mode()
    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Faces]:
        """Faces of uint8 RGB (H, W, 3) images, the most probable first.

        Neighbours of equal size are batched, so order the images by size.
        """
        groups: list[Group] = []
        found: list[Candidates] = []
        for _, same in groupby(images, key=lambda image: image.shape):
            start = groups[-1].stop if groups else 0
            groups.append(Group(start, areas.tables(list(same), self.device)))
            part = self._propose(groups[-1].table)
            found.append(Candidates(part.boxes, part.scores, part.image + start))
        if not groups:
            return []
        refined = self._refine(join(found), groups)
        return self._output(refined, groups, len(images))

    def _propose(self, table: Tensor) -> Candidates:
        """First stage on equal-size images; boxes are regressed and squared."""
        height, width = table.shape[1] - 1, table.shape[2] - 1
        parts, offsets = [], []
        for scale in scales(height, width, self.min_face, self.factor):
            level = areas.pyramid_level(table, int(height * scale + 1), int(width * scale + 1))
            part, offset = self._level(level, scale)
            keep = suppress_groups(part.boxes, part.scores, part.image, 0.5, "union")
            parts.append(part.take(keep))
            offsets.append(offset[keep])
        if not parts:
            return join([])
        every = join(parts)
        keep = suppress_groups(every.boxes, every.scores, every.image, 0.7, "union")
        every, moves = every.take(keep), np.concatenate(offsets)[keep]
        return Candidates(square(regress(every.boxes, moves, 0)), every.scores, every.image)

    def _level(self, level: Tensor, scale: float) -> tuple[Candidates, Floats]:
        """Cells of one pyramid level that look like a face, and their box offsets."""
        offsets, probability = self.pnet(level)
        image, row, column = (probability >= self.thresholds[0]).nonzero(as_tuple=True)
        scores = probability[image, row, column].cpu().numpy()
        cell = torch.stack([column, row], dim=1).cpu().numpy().astype(np.float32) * STRIDE
        low = np.floor((cell + 1) / np.float32(scale))
        high = np.floor((cell + CELL) / np.float32(scale))
        boxes = np.concatenate([low, high], axis=1)
        moves = offsets[image, :, row, column].cpu().numpy()
        return Candidates(boxes, scores, image.cpu().numpy()), moves

    def _refine(self, found: Candidates, groups: Groups) -> Candidates:
        """Second stage: probability and box offsets from 24-pixel crops."""
        found, pixels = self._cut(found, groups, 24)
        offsets, scores = self._run(self.rnet, pixels)
        passed = scores > self.thresholds[1]
        found = Candidates(found.boxes, scores, found.image).take(passed)
        keep = suppress_groups(found.boxes, found.scores, found.image, 0.7, "union")
        found, moves = found.take(keep), offsets[passed][keep]
        return Candidates(square(regress(found.boxes, moves, 1)), found.scores, found.image)

    def _output(self, found: Candidates, groups: Groups, count: int) -> list[Faces]:
        """Third stage: probability, box offsets and landmarks from 48-pixel crops."""
        found, pixels = self._cut(found, groups, 48)
        offsets, points, scores = self._run(self.onet, pixels)
        passed = scores > self.thresholds[2]
        found = Candidates(found.boxes, scores, found.image).take(passed)
        low, sizes = found.boxes[:, None, :2], found.boxes[:, 2:] - found.boxes[:, :2] + 1
        # Boxes count pixels from 1, landmarks from 0.
        landmarks = low + points[passed] * sizes[:, None] - 1
        boxes = regress(found.boxes, offsets[passed], 1)
        keep = suppress_groups(boxes, found.scores, found.image, 0.7, "min")
        faces = []
        for number in range(count):
            rows = keep[found.image[keep] == number]
            faces.append(Faces(boxes[rows], landmarks[rows], found.scores[rows]))
        return faces

    def _run(self, network: nn.Module, pixels: Tensor) -> list[NDArray[np.float32]]:
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        parts = [network(part) for part in torch.split(pixels, self.crops)]
        return [torch.cat(column).cpu().numpy() for column in zip(*parts, strict=True)]

    def _cut(self, found: Candidates, groups: Groups, size: int) -> tuple[Candidates, Tensor]:
        """Crops of the candidates, in order; those wholly outside their image are left out."""
        kept, pixels = [], [torch.empty((0, 3, size, size), device=groups[0].table.device)]
        for group in groups:
            rows = np.flatnonzero((found.image >= group.start) & (found.image < group.stop))
            height, width = group.table.shape[1] - 1, group.table.shape[2] - 1
            limits = spans(found.boxes[rows])
            inside = (
                (limits[:, 1] > np.maximum(limits[:, 0], 0))
                & (limits[:, 3] > np.maximum(limits[:, 2], 0))
                & (limits[:, 0] < height)
                & (limits[:, 2] < width)
            )
            rows, limits = rows[inside], limits[inside]
            kept.append(rows)
            for at in range(0, len(rows), self.crops):
                part = slice(at, at + self.crops)
                image = torch.from_numpy(found.image[rows[part]] - group.start)
                pixels.append(areas.crops(group.table, image, torch.from_numpy(limits[part]), size))
        return found.take(np.concatenate(kept)), torch.cat(pixels)
