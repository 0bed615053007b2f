"""The cascade: proposals at all scales, refinement, output with landmarks (Zhang et al. 2016).

How boxes are counted and rounded, and what a crop that leaves the image holds, differs between
ports: that is the :class:`conventions.Convention`.

Images of equal size share the first network's batches; the crops of all images share those of the
second and third. Box arithmetic is numpy on the CPU, networks and resampling run on the device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from .areas import AreaPixels
from .bilinear import BilinearPixels
from .boxes import Floats, Suppression, suppress_groups
from .conventions import Convention
from .networks import ONet, PNet, RNet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .params import MtcnnParams


@dataclass(frozen=True)
class DetectedFaces:
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

    def suppress(self, rule: Suppression) -> NDArray[np.int64]:
        """Rows that are left by non-maximum suppression within each image."""
        return suppress_groups(self.boxes, self.scores, self.image, rule)


@dataclass(frozen=True)
class Group:
    """Images of equal size: number of the first, and their pixels."""

    start: int
    pixels: AreaPixels | BilinearPixels

    @property
    def stop(self) -> int:
        """Number after the last image."""
        return self.start + len(self.pixels)


Groups = Sequence[Group]


def join(parts: Sequence[Candidates]) -> Candidates:
    """Candidates one after the other."""
    return Candidates(
        np.concatenate([np.empty((0, 4), np.float32), *(part.boxes for part in parts)]),
        np.concatenate([np.empty(0, np.float32), *(part.scores for part in parts)]),
        np.concatenate([np.empty(0, np.int64), *(part.image for part in parts)]),
    )


class Cascade:
    """The three networks and the steps between them, on one device."""

    def __init__(self, networks: tuple[PNet, RNet, ONet], params: MtcnnParams, device: str) -> None:
        self.pnet, self.rnet, self.onet = networks
        for network in networks:
            network.eval().to(device)
            for weight in network.parameters():
                if weight.ndim == 4:  # pools and convolutions are twice as fast in this order
                    weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        self.params = params
        self.convention = Convention(params.boxes, params.border)
        kinds: dict[str, type[AreaPixels | BilinearPixels]]
        kinds = {"area": AreaPixels, "bilinear": BilinearPixels}
        self.pixels = kinds[params.resample]
        self.device = device
        # Small calls stay in a CPU's cache; large ones fill a GPU.
        self.crops = 64 if device == "cpu" else 2048
        self.scan = 150_000 if device == "cpu" else 16_000_000

    @torch.inference_mode()
    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[DetectedFaces]:
        """Faces of uint8 RGB (H, W, 3) images, the most probable first.

        Neighbours of equal size are batched, so order the images by size.
        """
        groups: list[Group] = []
        found: list[Candidates] = []
        for _, same in groupby(images, key=lambda image: image.shape):
            start = groups[-1].stop if groups else 0
            groups.append(Group(start, self.pixels(list(same), self.device)))
            part = self._propose(groups[-1].pixels)
            found.append(Candidates(part.boxes, part.scores, part.image + start))
        if not groups:
            return []
        refined = self._refine(join(found), groups)
        return self._output(refined, groups, len(images))

    def _propose(self, pixels: AreaPixels | BilinearPixels) -> Candidates:
        """First stage on equal-size images; boxes are regressed and squared."""
        rule, parts, offsets = self.convention, [], []
        size = pixels.height, pixels.width
        for scale in rule.scales(*size, self.params.min_face_px, self.params.factor):
            part, offset = self._level(pixels.level(scale), scale)
            keep = part.suppress(rule.suppression(0.5))
            parts.append(part.take(keep))
            offsets.append(offset[keep])
        if not parts:
            return join([])
        every = join(parts)
        keep = every.suppress(rule.suppression(0.7))
        every, moves = every.take(keep), np.concatenate(offsets)[keep]
        moved = rule.regress(every.boxes, moves, first=True)
        return replace(every, boxes=rule.square(moved))

    def _level(self, level: Tensor, scale: float) -> tuple[Candidates, Floats]:
        """Cells of one pyramid level that look like a face, and their box offsets."""
        offsets, probability = self._scan(level)
        image, row, column = (probability >= self.params.thresholds[0]).nonzero(as_tuple=True)
        scores = probability[image, row, column].cpu().numpy()
        cells = torch.stack([column, row], dim=1).cpu().numpy()
        moves = offsets[image, :, row, column].cpu().numpy()
        boxes = self.convention.cells(cells, scale)
        return Candidates(boxes, scores, image.cpu().numpy()), moves

    def _scan(self, level: Tensor) -> tuple[Tensor, Tensor]:
        """The first network on one pyramid level, on this many images at once as fit in a cache."""
        parts = level.split(max(1, self.scan // (level.shape[2] * level.shape[3])))
        offsets, probability = zip(*(self.pnet(part) for part in parts), strict=True)
        return torch.cat(offsets), torch.cat(probability)

    def _refine(self, found: Candidates, groups: Groups) -> Candidates:
        """Second stage: probability and box offsets from 24-pixel crops."""
        found, pixels = self._cut(found, groups, 24)
        offsets, scores = self._run(self.rnet, pixels)
        passed = scores > self.params.thresholds[1]
        found = replace(found, scores=scores).take(passed)
        rule = self.convention
        keep = found.suppress(rule.suppression(0.7))
        found, moves = found.take(keep), offsets[passed][keep]
        return replace(found, boxes=rule.square(rule.regress(found.boxes, moves)))

    def _output(self, found: Candidates, groups: Groups, count: int) -> list[DetectedFaces]:
        """Third stage: probability, box offsets and landmarks from 48-pixel crops."""
        found, pixels = self._cut(found, groups, 48)
        offsets, points, scores = self._run(self.onet, pixels)
        passed = scores > self.params.thresholds[2]
        found = replace(found, scores=scores).take(passed)
        rule = self.convention
        landmarks = rule.landmarks(found.boxes, points[passed])
        found = replace(found, boxes=rule.regress(found.boxes, offsets[passed]))
        keep = found.suppress(rule.suppression(0.7, "min"))
        faces = []
        for number in range(count):
            rows = keep[found.image[keep] == number]
            faces.append(DetectedFaces(found.boxes[rows], landmarks[rows], found.scores[rows]))
        return faces

    def _run(self, network: nn.Module, pixels: Tensor) -> list[NDArray[np.float32]]:
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        parts = [network(part) for part in torch.split(pixels, self.crops)]
        return [torch.cat(column).cpu().numpy() for column in zip(*parts, strict=True)]

    def _cut(self, found: Candidates, groups: Groups, size: int) -> tuple[Candidates, Tensor]:
        """Crops of the candidates, in order; those wholly outside their image are left out."""
        kept, boxes = [], []
        pixels = [torch.empty((0, 3, size, size), device=self.device)]
        for group in groups:
            rows = np.flatnonzero((found.image >= group.start) & (found.image < group.stop))
            limits = group.pixels.height, group.pixels.width
            spans = self.convention.spans(found.boxes[rows], *limits)
            inside = _inside(spans, *limits)
            rows, spans = rows[inside], spans[inside]
            kept.append(rows)
            boxes.append(self.convention.cut(found.boxes[rows], *limits))
            for at in range(0, len(rows), self.crops):
                part = slice(at, at + self.crops)
                image = found.image[rows[part]] - group.start
                pixels.append(group.pixels.crops(image, spans[part], size))
        left = found.take(np.concatenate(kept))
        return replace(left, boxes=np.concatenate(boxes)), torch.cat(pixels)


def _inside(spans: NDArray[np.int64], height: int, width: int) -> NDArray[np.bool_]:
    """Which crops, not empty, hold a pixel of the image."""
    top, bottom, left, right = spans.T
    rows = (bottom > np.maximum(top, 0)) & (top < height)
    inside: NDArray[np.bool_] = rows & (right > np.maximum(left, 0)) & (left < width)
    return inside
