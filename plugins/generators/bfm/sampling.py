"""Random draws: what an identity is, and what varies between its images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .params import Constant, Cycle, Distribution, Uniform

Floats = NDArray[np.float32]

BOUND_STD = 3.0
"""Coefficients are held within so many standard deviations, where faces stay plausible."""


@dataclass(frozen=True)
class Pose:
    """Head pose in degrees."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


def pose(
    yaw: Distribution,
    pitch: Distribution,
    roll: Distribution,
    sample: int,
    rng: np.random.Generator,
) -> Pose:
    """The pose of one sample; what one angle draws does not depend on the kind of the others."""
    uniforms, normals = rng.random(3), rng.standard_normal(3)
    return Pose(
        _value(yaw, sample, uniforms[0], normals[0]),
        _value(pitch, sample, uniforms[1], normals[1]),
        _value(roll, sample, uniforms[2], normals[2]),
    )


def _value(distribution: Distribution, sample: int, uniform: float, normal: float) -> float:
    if isinstance(distribution, Constant):
        return distribution.value
    if isinstance(distribution, Cycle):
        return distribution.values[sample % len(distribution.values)]
    if isinstance(distribution, Uniform):
        return distribution.low + float(uniform) * (distribution.high - distribution.low)
    return distribution.mean + distribution.std * float(normal)


def coefficients(rng: np.random.Generator, rank: int, std: float = 1.0) -> Floats:
    """Gaussian coefficients float32 (rank,), in standard deviations."""
    bounded = np.clip(rng.standard_normal(rank), -BOUND_STD, BOUND_STD)
    scaled: Floats = (std * bounded).astype(np.float32)
    return scaled
