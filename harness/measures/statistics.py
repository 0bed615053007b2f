"""Simple numbers of one image: how bright, contrasted, sharp and coloured it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NAMES = ("brightness", "contrast", "sharpness", "colourfulness", "saturation")


def image_statistics(image: NDArray[np.uint8]) -> tuple[float, ...]:
    """Five numbers, in the order of ``NAMES``, of a uint8 RGB image (H, W, 3).

    Brightness and contrast are mean and standard deviation of the luma (BT.601), from 0 to 255.
    Sharpness is the variance of the Laplacian of the luma at 112 x 112, so that resolution does not
    decide it. Colourfulness after Hasler & Süsstrunk 2003. Saturation is the mean of HSV, 0 to 1.
    """
    import cv2

    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(luma, (112, 112), interpolation=cv2.INTER_AREA)
    red, green, blue = (image[..., channel].astype(np.float64) for channel in range(3))
    first, second = red - green, (red + green) / 2 - blue
    spread = np.hypot(first.std(), second.std())
    shift = np.hypot(first.mean(), second.mean())
    return (
        float(luma.mean()),
        float(luma.std()),
        float(cv2.Laplacian(small, cv2.CV_64F).var()),
        float(spread + 0.3 * shift),
        float(cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[..., 1].mean() / 255),
    )
