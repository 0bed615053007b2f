"""Augmentations of one aligned uint8 RGB image, drawn from the generator they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.training.recipe import Augmentation

_RESIZES = (
    cv2.INTER_NEAREST,
    cv2.INTER_LINEAR,
    cv2.INTER_AREA,
    cv2.INTER_CUBIC,
    cv2.INTER_LANCZOS4,
)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def mirror(probability: float = 0.5) -> Augmentation:
    """Swap left and right with this probability."""

    def apply(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        return image[:, ::-1] if rng.random() < probability else image

    return apply


def adaface(
    crop: float = 0.2, low_resolution: float = 0.2, photometric: float = 0.2, flip: float = 0.5
) -> Augmentation:
    """Crop in place, low resolution, photometric change, mirror; each with its probability.

    The training augmentation of AdaFace (Kim et al. 2022), in its order. Its own code jitters
    colours in BGR order and so swaps the luma weights of red and blue; here they are right.
    """

    def apply(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        if rng.random() < crop:
            image = crop_in_place(image, rng)
        if rng.random() < low_resolution:
            image = lower_resolution(image, rng)
        if rng.random() < photometric:
            image = jitter(image, rng)
        return image[:, ::-1] if rng.random() < flip else image

    return apply


def crop_in_place(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Keep a random part (area 0.2..1, aspect 3/4..4/3) where it is, black around it."""
    height, width = image.shape[:2]
    for _ in range(10):
        area = height * width * rng.uniform(0.2, 1.0)
        aspect = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
        w, h = round(np.sqrt(area * aspect)), round(np.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            top, left = rng.integers(height - h + 1), rng.integers(width - w + 1)
            kept = np.zeros_like(image)
            kept[top : top + h, left : left + w] = image[top : top + h, left : left + w]
            return kept
    return image  # ten draws of a shape wider or higher than the image: keep all of it


def lower_resolution(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Shrink both sides by a ratio from U(0.2, 1) and enlarge again, each by a random method."""
    height, width = image.shape[:2]
    ratio = rng.uniform(0.2, 1.0)
    small = (max(1, int(ratio * width)), max(1, int(ratio * height)))
    down, up = (_RESIZES[rng.integers(len(_RESIZES))] for _ in range(2))
    shrunk = cv2.resize(image, small, interpolation=down)
    return np.asarray(cv2.resize(shrunk, (width, height), interpolation=up), np.uint8)


def jitter(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Brightness, contrast and saturation by factors from U(0.5, 1.5), in random order."""
    factors = rng.uniform(0.5, 1.5, 3)
    pixels = image.astype(np.float32)
    for kind in rng.permutation(3):
        if kind == 0:
            grey: np.float32 | NDArray[np.float32] = np.float32(0)
        elif kind == 1:
            grey = np.float32((pixels @ _LUMA).mean())
        else:
            grey = (pixels @ _LUMA)[..., None]
        pixels = np.clip(grey + np.float32(factors[kind]) * (pixels - grey), 0, 255)
    return np.rint(pixels).astype(np.uint8)
