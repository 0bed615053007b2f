"""From a generated image to a face of the set: encoded, with what is known of its place.

No detector is applied here. The whole image is handed out; with a detector selected the place stage
of the harness finds landmarks in it, drops and counts failures. Without one it takes the box, which
is where an image framed like FFHQ has its face: the box in which the typical landmarks of a face
detector's box meet the mean landmarks of the aligned images of that set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from harness.plugin import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Align = Literal["centre", "none"]
FFHQ_BOX = (0.232, 0.192, 0.768, 0.883)
"""Left, top, right and bottom as shares of the image side."""


def face_box(side_px: int, align: Align) -> NDArray[np.float32] | None:
    """The box assumed in a square image, float32 (4,), or None when nothing is assumed."""
    if align == "none":
        return None
    return (np.array(FFHQ_BOX) * side_px - 0.5).astype(np.float32)


def encode(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """JPEG of uint8 RGB (H, W, 3)."""
    done, encoded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise DataError(f"an image of {pixels.shape[1]}x{pixels.shape[0]} cannot be encoded")
    return encoded.tobytes()
