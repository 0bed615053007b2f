"""Lights as nine spherical-harmonics coefficients per channel, float64 (9, 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .. import sampling
from .shading import KERNEL, Y0, Y1, basis

if TYPE_CHECKING:
    from ..params import BfmParams

Doubles = NDArray[np.float64]

_AMBIENT = (0.35, 0.75)
_TOTAL = (0.85, 1.25)
_TINT_STD = 0.05
_POLAR_DEG = 60.0


def directed(ambient: float, diffuse: float, direction: Doubles) -> Doubles:
    """White light that gives ``ambient + diffuse (n . direction)``; the cosine is not clamped."""
    light = np.zeros((9, 3))
    light[0] = ambient / (KERNEL[0] * Y0)
    light[1:4] = (diffuse * direction[[1, 2, 0]] / (KERNEL[1] * Y1))[:, None]
    return light


def static_frontal() -> Doubles:
    """Ambient 0.8 and diffuse 0.2 from the camera: the published ``staticFrontal``."""
    return directed(0.8, 0.2, np.array([0.0, 0.0, 1.0]))


def around(angle_deg: float, off_axis_deg: float = _POLAR_DEG) -> Doubles:
    """Light of the controlled mode: ambient 0.5 and diffuse 0.5 from 60 degrees off the view axis.

    At 0 it comes from above, and positive angles turn it to the image left.
    """
    angle, polar = np.deg2rad([angle_deg, off_axis_deg])
    direction = np.array([-np.sin(polar) * np.sin(angle), np.sin(polar) * np.cos(angle),
                          np.cos(polar)])  # fmt: skip
    return directed(0.5, 0.5, direction)


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


class Lights:
    """Draws lights (9, 3) as the parameters say; reads the illumination prior once."""

    def __init__(self, params: BfmParams) -> None:
        from ..bip import Prior

        self._kind = params.light
        self._off_axis, self._around = params.light_off_axis_deg, params.light_around_deg
        self._energy, self._colour = params.light_energy, params.light_colour
        self._prior = None if params.bip_folder is None else Prior(params.bip_folder)

    def draw(self, sample: int, rng: np.random.Generator) -> Doubles:
        """The light of one sample."""
        return adjusted(self._plain(sample, rng), self._energy, colour=self._colour)

    def _plain(self, sample: int, rng: np.random.Generator) -> Doubles:
        if self._kind == "static-frontal":
            return static_frontal()
        if self._kind == "directional":
            off_axis = sampling.single(self._off_axis, sample, rng)
            return around(sampling.single(self._around, sample, rng), off_axis)
        if self._prior is None:
            return lobes(rng)
        return self._prior.one(rng) if self._kind == "empirical" else self._prior.normal(rng)


def adjusted(light: Doubles, energy: float | None, *, colour: bool) -> Doubles:
    """``light`` scaled to an energy (sum of its 27 squares), then made grey, each if wanted."""
    if energy is not None:
        light = light * np.sqrt(energy / (light * light).sum())
    if not colour:
        light = np.repeat(light.mean(axis=1, keepdims=True), 3, axis=1)
    return light
