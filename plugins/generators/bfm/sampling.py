"""Random draws: what an identity is, and what varies between its images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .distributions import Constant, Cycle, Distribution, Gaussian, Mixture, Random, Uniform

if TYPE_CHECKING:
    from .params import BfmParams

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """Head pose in degrees."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@dataclass(frozen=True)
class FaceView:
    """How the face is held and where it is in the image; shifts in pixels, right and up."""

    pose: Pose
    shift_x_px: float = 0.0
    shift_y_px: float = 0.0
    scaling: float = 1.0


def view(params: BfmParams, sample: int, rng: np.random.Generator) -> FaceView:
    """What one sample draws; a number does not depend on how the others are distributed."""
    wanted = (
        params.yaw_deg,
        params.pitch_deg,
        params.roll_deg,
        params.shift_x_px,
        params.shift_y_px,
        params.scaling,
    )
    uniforms, normals = rng.random((len(wanted), 2)), rng.standard_normal(len(wanted))
    drawn = [
        value(distribution, sample, uniforms[i, 0], uniforms[i, 1], normals[i])
        for i, distribution in enumerate(wanted)
    ]
    return FaceView(Pose(*drawn[:3]), *drawn[3:])


def single(distribution: Distribution, sample: int, rng: np.random.Generator) -> float:
    """One value; always the same number of draws."""
    choice, uniform = rng.random(2)
    return value(distribution, sample, choice, uniform, rng.standard_normal())


def value(
    distribution: Distribution, sample: int, choice: float, uniform: float, normal: float
) -> float:
    """One value from two numbers in 0..1 (the first chooses from a mixture) and a normal one."""
    if isinstance(distribution, Cycle):
        return distribution.values[sample % len(distribution.values)]
    if isinstance(distribution, Mixture):
        distribution = distribution.components[_chosen(distribution, float(choice))][1]
    if isinstance(distribution, Constant):
        return distribution.value
    if isinstance(distribution, Uniform):
        return distribution.low + float(uniform) * (distribution.high - distribution.low)
    return distribution.mean + distribution.std * float(normal)


def _shares(mixture: Mixture) -> Doubles:
    """Cumulative share of each component."""
    weights = np.array([weight for weight, _ in mixture.components])
    shares: Doubles = np.cumsum(weights / weights.sum())
    return shares


def _chosen(mixture: Mixture, choice: float) -> int:
    # The last share can round to less than 1.
    found = np.searchsorted(_shares(mixture), choice, side="right")
    return min(int(found), len(mixture.components) - 1)


def coefficients(
    rng: np.random.Generator,
    rank: int,
    distribution: Random,
    bound_std: float | None = None,
) -> Floats:
    """Coefficients float32 (rank,) in standard deviations, held within ``+-bound_std`` if given.

    The first of a longer vector are those of a shorter one.
    """
    drawn = np.empty(rank)
    if isinstance(distribution, Constant):
        drawn[:] = distribution.value
    elif isinstance(distribution, Gaussian):
        drawn = distribution.mean + distribution.std * rng.standard_normal(rank)
    else:
        # Row by row, so that a longer vector begins like a shorter one.
        uniforms = rng.random((rank, 3))
        if isinstance(distribution, Uniform):
            drawn = distribution.low + uniforms[:, 1] * (distribution.high - distribution.low)
        else:
            drawn = _mixed(distribution, uniforms)
    if bound_std is not None:
        drawn = np.clip(drawn, -bound_std, bound_std)
    return drawn.astype(np.float32)


def _mixed(mixture: Mixture, uniforms: Doubles) -> Doubles:
    """One value per row; normal ones by Box and Muller from the second and third column."""
    last = len(mixture.components) - 1
    chosen = np.minimum(np.searchsorted(_shares(mixture), uniforms[:, 0], side="right"), last)
    radius = np.sqrt(-2 * np.log1p(-uniforms[:, 1]))
    normal = radius * np.cos(2 * np.pi * uniforms[:, 2])
    out = np.empty(len(uniforms))
    for index, (_, part) in enumerate(mixture.components):
        rows = chosen == index
        if isinstance(part, Constant):
            out[rows] = part.value
        elif isinstance(part, Uniform):
            out[rows] = part.low + uniforms[rows, 1] * (part.high - part.low)
        else:
            out[rows] = part.mean + part.std * normal[rows]
    return out
