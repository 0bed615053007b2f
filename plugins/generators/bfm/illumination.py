"""Lights as nine spherical-harmonics coefficients per channel, float64 (9, 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .shading import KERNEL, Y0, Y1, basis

Doubles = NDArray[np.float64]

_AMBIENT = (0.35, 0.75)
_TOTAL = (0.85, 1.25)
_TINT_STD = 0.05


def static_frontal() -> Doubles:
    """Ambient 0.8 and diffuse 0.2 from the camera: the published ``staticFrontal``."""
    light = np.zeros((9, 3))
    light[0] = 0.8 / (KERNEL[0] * Y0)
    light[2] = 0.2 / (KERNEL[1] * Y1)
    return light


def lobes(rng: np.random.Generator) -> Doubles:
    """Ambient and 1 to 3 distant lights in front, our substitute for photographed light.

    A distant light of strength s from direction d has L_i = s Y_i(d) and adds about s max(0, n.d).
    """
    count = int(rng.integers(1, 4))
    ambient, total = rng.uniform(*_AMBIENT), rng.uniform(*_TOTAL)
    shares = rng.dirichlet(np.ones(count)) * max(total - ambient, 0.1)
    colours = 1.0 + _TINT_STD * rng.standard_normal((count + 1, 3))
    light = np.zeros((9, 3))
    light[0] = ambient / (KERNEL[0] * Y0) * colours[0]
    for share, colour in zip(shares, colours[1:], strict=True):
        direction = rng.standard_normal(3) * (1.0, 0.7, 1.0)
        direction[2] = abs(direction[2])
        direction /= np.linalg.norm(direction)
        light += share * basis(direction)[:, None] * colour
    return light
