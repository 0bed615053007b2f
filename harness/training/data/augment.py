"""Augmentations of one aligned uint8 RGB image, drawn from the generator they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from harness.align.templates import template_points
from harness.align.warp import similarity

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


def every(*steps: Augmentation) -> Augmentation:
    """All of these, one after the other."""

    def apply(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        for step in steps:
            image = step(image, rng)
        return image

    return apply


def misaligned(std_px: float) -> Augmentation:
    """Align again, as if each landmark lay off by a Gaussian of ``std_px`` in x and in y.

    Projected landmarks of rendered faces are exact, those that a detector finds are not. The
    landmarks are those of the arcface template at the height of the image; outside of the image
    its border is repeated.
    """

    def apply(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        height, width = image.shape[:2]
        points = template_points("arcface", height, height).astype(np.float64)
        points[:, 0] += (width - height) / 2
        matrix = similarity(points + std_px * rng.standard_normal(points.shape), points)
        moved = cv2.warpAffine(
            np.ascontiguousarray(image), matrix, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(moved, np.uint8)

    return apply


def tinted(std: float) -> Augmentation:
    """Multiply each colour channel by a factor from N(1, ``std``)."""

    def apply(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        factors = rng.normal(1.0, std, 3).astype(np.float32)
        return rounded(image.astype(np.float32) * factors)

    return apply


def greyed(probability: float) -> Augmentation:
    """Take the colour away with this probability."""

    def apply(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        if rng.random() >= probability:
            return image
        luma = rounded(image.astype(np.float32) @ _LUMA)
        return np.repeat(luma[..., None], 3, axis=2)

    return apply


def erased(probability: float) -> Augmentation:
    """With this probability fill a box with one random colour (Zhong et al. 2020).

    Its sides are drawn from U(1/8, 7/16) of those of the image.
    """

    def apply(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        if rng.random() >= probability:
            return image
        sides = np.array(image.shape[:2])
        high, wide = np.rint(sides * rng.uniform(1 / 8, 7 / 16, 2)).astype(int)
        top, left = rng.integers(sides - (high, wide) + 1)
        filled = image.copy()
        filled[top : top + high, left : left + wide] = rng.integers(0, 256, 3)
        return filled

    return apply


def noisy(std: float) -> Augmentation:
    """Add Gaussian noise of this deviation, as a fraction of the range, to every value."""

    def apply(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        noise = rng.standard_normal(image.shape, np.float32)
        return rounded(image.astype(np.float32) + np.float32(255 * std) * noise)

    return apply


def rounded(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Nearest bytes, cut off at 0 and 255."""
    return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)


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
    return rounded(pixels)
