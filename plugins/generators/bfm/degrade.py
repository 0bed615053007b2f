"""What real photographs lose: a covered part of the face, resolution, and freedom from noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from harness.plugin.generators import MetaValue

from . import sampling
from .background import texture
from .distributions import Constant

if TYPE_CHECKING:
    from .params import BfmParams

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

_WAVE = 0.06


def degraded(
    params: BfmParams,
    pixels: Bytes,
    box: Floats,
    sample: int,
    stream: Callable[[str], np.random.Generator],
) -> tuple[Bytes, dict[str, MetaValue]]:
    """The pixels with a covered part and less detail, where the parameters ask for it.

    ``stream`` gives random numbers for either by its name. What was done is kept with the image.
    """
    found: dict[str, MetaValue] = {}
    if params.occlusion != Constant(value=0.0):
        rng = stream("occlusion")
        share = float(np.clip(sampling.single(params.occlusion, sample, rng), 0, 0.95))
        pixels = cover(pixels, box, share, rng)
        found["occlusion"] = share
    if params.resolution_px is not None:
        side = max(2.0, sampling.single(params.resolution_px, sample, stream("resolution")))
        pixels = coarsen(pixels, side)
        found["resolution_px"] = side
    if params.noise_std:
        pixels = noisy(pixels, params.noise_std, stream("noise"))
    return pixels, found


def cover(pixels: Bytes, box: Floats, share: float, rng: np.random.Generator) -> Bytes:
    """Cover ``share`` of the face box with something textured, uint8 RGB (H, W, 3) as given.

    The cover is a disc about a random place of the box or, as often, comes in from a random side;
    its edge waves. The covered share of the pixels of the box is exact to one pixel.
    """
    height, width = pixels.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    u, v = (x - box[0]) / (box[2] - box[0]), (y - box[1]) / (box[3] - box[1])
    inside = (u >= 0) & (u <= 1) & (v >= 0) & (v <= 1)
    place, turn, waves, phases = (
        rng.uniform(0.15, 0.85, 2),
        rng.uniform(0, 2 * np.pi),
        rng.uniform(4, 12, 2),
        rng.uniform(0, 2 * np.pi, 2),
    )
    if rng.random() < 0.5:
        reach = np.hypot(u - place[0], v - place[1])
    else:
        reach = u * np.cos(turn) + v * np.sin(turn)
    reach = reach + _WAVE * (np.sin(waves[0] * u + phases[0]) + np.sin(waves[1] * v + phases[1]))
    pattern = texture(rng, max(height, width))[:height, :width]
    count = round(share * int(inside.sum()))
    if count == 0:
        return pixels
    covered = reach <= np.partition(reach[inside], count - 1)[count - 1]
    out = pixels.copy()
    out[covered] = pattern[covered]
    return out


def coarsen(pixels: Bytes, side_px: float) -> Bytes:
    """Pixels as if the image had been ``side_px`` wide, enlarged again; larger images stay."""
    height, width = pixels.shape[:2]
    small = round(side_px)
    if small >= width:
        return pixels
    shrunk = cv2.resize(
        pixels, (small, max(1, round(small * height / width))), interpolation=cv2.INTER_AREA
    )
    return np.asarray(
        cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8
    )


def noisy(pixels: Bytes, std: float, rng: np.random.Generator) -> Bytes:
    """Pixels with independent Gaussian noise of deviation ``std`` (1 is 255), rounded and cut."""
    noise = (255 * std) * rng.standard_normal(pixels.shape, np.float32)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)
