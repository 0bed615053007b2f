"""Contact sheets: many small images in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from harness.fileio.atomic import write_bytes

TILE_PX, GAP_PX, LABEL_PX = 112, 4, 44
PAPER = 250


def contact_sheet(
    rows: Sequence[Sequence[NDArray[np.uint8]]],
    path: Path,
    *,
    row_labels: Sequence[str] | None = None,
) -> None:
    """Write rows of uint8 RGB images, each fitted into a square tile, as one PNG or JPEG."""
    step = TILE_PX + GAP_PX
    left = LABEL_PX if row_labels else 0
    columns = max(len(row) for row in rows)
    size = (len(rows) * step + GAP_PX, left + columns * step + GAP_PX, 3)
    sheet = np.full(size, PAPER, np.uint8)
    for r, row in enumerate(rows):
        top = r * step + GAP_PX
        for c, image in enumerate(row):
            tile = fitted(image)
            start = left + c * step + GAP_PX
            sheet[top : top + TILE_PX, start : start + TILE_PX] = tile
        if row_labels:
            cv2.putText(sheet, row_labels[r][:5], (4, top + TILE_PX // 2), cv2.FONT_HERSHEY_SIMPLEX,
                        0.45, (60, 60, 60), 1, cv2.LINE_AA)  # fmt: skip
    if path.suffix.lower() == ".png":
        done, encoded = cv2.imencode(".png", sheet[..., ::-1])
    else:
        done, encoded = cv2.imencode(".jpg", sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    assert done, "encoding a picture in memory does not fail"
    write_bytes(path, encoded.tobytes())


def fitted(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A uint8 RGB image, scaled into a square tile of ``TILE_PX`` with its proportions."""
    height, width = image.shape[:2]
    scale = TILE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    tile = np.full((TILE_PX, TILE_PX, 3), PAPER, np.uint8)
    top, left = (TILE_PX - size[1]) // 2, (TILE_PX - size[0]) // 2
    tile[top : top + size[1], left : left + size[0]] = small
    return tile
