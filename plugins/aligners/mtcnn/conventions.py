"""How a port of MTCNN counts pixels, rounds boxes and treats the image's border.

Three conventions are in use. ``whole`` is the original's (MATLAB): boxes count pixels from 1 and
are cut to whole pixels when they are squared. ``fractional`` is facenet-pytorch's: the same
numbers, but a box keeps its fractions and only its crop is cut to whole pixels. ``rounded`` is
that of mtcnn-pytorch and what descends from it (InsightFace_Pytorch, AdaFace): boxes count from 0,
the last pixel is part of a box, and squares are rounded to whole pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .boxes import Floats, Suppression

if TYPE_CHECKING:
    from numpy.typing import NDArray

Boxes = Literal["whole", "fractional", "rounded"]
Border = Literal["pad", "stretch", "cut"]

CELL, STRIDE = 12, 2


@dataclass(frozen=True)
class Convention:
    """Box arithmetic of one port; boxes are float32 (n, 4): left, top, right, bottom."""

    boxes: Boxes
    border: Border

    @property
    def origin(self) -> int:
        """Number of the first pixel of a row."""
        return 0 if self.boxes == "rounded" else 1

    def scales(self, height: int, width: int, min_face: float, factor: float) -> list[float]:
        """Scales of the pyramid: a face of ``min_face`` pixels fills the cell of 12 pixels."""
        scale, found = CELL / min_face, []
        shorter = min(height, width) * scale
        while shorter > CELL or (shorter == CELL and self.boxes != "rounded"):
            found.append(scale)
            scale, shorter = scale * factor, shorter * factor
        return found

    def cells(self, columns_rows: NDArray[Any], scale: float) -> Floats:
        """Boxes in the image of cells of a pyramid level, given as (n, 2) columns and rows."""
        first = columns_rows.astype(np.float32) * STRIDE
        low, step = first + 1, np.float32(scale)
        if self.boxes == "rounded":
            edges = np.round(low / step), np.round((low + CELL) / step)
        else:
            edges = np.floor(low / step), np.floor((first + CELL) / step)
        return np.concatenate(edges, axis=1)

    def suppression(
        self, threshold: float, overlap: Literal["union", "min"] = "union"
    ) -> Suppression:
        """Rule of non-maximum suppression, see :class:`boxes.Suppression`."""
        rounded, smaller = self.boxes == "rounded", overlap == "min"
        # numpy's ascending sort, read from its end, prefers the last of equal scores. Scores of
        # clear faces do meet in float32; torchvision's suppression (unions) prefers the first.
        last = rounded or (smaller and self.boxes == "fractional")
        extra = int(rounded or smaller)
        return Suppression(threshold, overlap, extra, "last" if last else "first")

    def regress(self, boxes: Floats, offsets: Floats, *, first: bool = False) -> Floats:
        """Move each side by its offset times the size of the box; ``first`` after proposals."""
        extra = 0 if first and self.boxes != "rounded" else 1
        sizes = boxes[:, 2:] - boxes[:, :2] + np.float32(extra)
        return boxes + offsets * np.tile(sizes, 2)

    def square(self, boxes: Floats) -> Floats:
        """Squares around the same centres, as large as the longer side."""
        extra = np.float32(1 if self.boxes == "rounded" else 0)
        sizes = boxes[:, 2:] - boxes[:, :2] + extra
        side = sizes.max(axis=1, keepdims=True, initial=0)
        half = np.float32(0.5)
        low = boxes[:, :2] + sizes * half - side * half
        squares: Floats = np.concatenate([low, low + side - extra], axis=1)
        if self.boxes == "whole":
            # As in the original, landmarks are fractions of the very box that was cropped.
            squares = np.trunc(squares)
        return np.round(squares) if self.boxes == "rounded" else squares

    def spans(self, boxes: Floats, height: int, width: int) -> NDArray[np.int64]:
        """First row, end row, first column, end column of the crops, from 0, int64 (n, 4)."""
        left, top, right, bottom = boxes.astype(np.int64).T
        shift = self.origin
        spans = np.stack([top - shift, bottom + 1 - shift, left - shift, right + 1 - shift], axis=1)
        if self.border == "stretch":
            spans = np.clip(spans, 0, (height, height, width, width))
        return spans

    def cut(self, boxes: Floats, height: int, width: int) -> Floats:
        """The boxes as later steps see them: cut at the border where that is the convention."""
        if self.border != "cut":
            return boxes
        shift = self.origin
        limit = (width - 1 + shift, height - 1 + shift)
        low = np.maximum(boxes[:, :2], np.float32(shift))
        return np.concatenate([low, np.minimum(boxes[:, 2:], np.array(limit, np.float32))], axis=1)

    def landmarks(self, boxes: Floats, points: Floats) -> Floats:
        """Landmarks in pixels from 0, float32 (n, 5, 2), of fractions of the boxes."""
        sizes = boxes[:, 2:] - boxes[:, :2] + 1
        landmarks: Floats = boxes[:, None, :2] + points * sizes[:, None] - self.origin
        return landmarks
