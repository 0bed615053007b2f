"""Styles: hair cut, beard, make-up, glasses and clothes of a model that has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_BOUND_STD = 2.2
_WEAKEST = 0.55
"""Of a style that only some people wear; the strongest is 1."""


@dataclass(frozen=True)
class Styles:
    """``shape`` (mm) and ``colour`` float32 (K, 3, vertices) of K styles at full strength.

    ``chance`` float32 (K,) is the share of people who wear each; at 1 its strength is standard
    normal, below it is either absent or uniform up to 1.
    """

    names: tuple[str, ...]
    shape: Floats
    colour: Floats
    chance: Floats

    def draw(self, rng: np.random.Generator) -> Floats:
        """Strengths of one look, float32 (K,); always the same number of draws."""
        normals = rng.standard_normal(len(self.chance))
        present = rng.random(len(self.chance)) < self.chance
        strengths = rng.uniform(_WEAKEST, 1.0, len(self.chance))
        always = self.chance >= 1
        bounded = np.clip(normals, -_BOUND_STD, _BOUND_STD)
        return np.where(always, bounded, present * strengths).astype(np.float32)

    def worn(self, strengths: Floats) -> list[str]:
        """Names of the present styles among those that not everyone wears."""
        present = (strengths > 0) & (self.chance < 1)
        return [name for name, here in zip(self.names, present, strict=True) if here]

    def save(self, path: Path) -> None:
        """Write one ``.npz``."""
        np.savez(
            path,
            names=np.array(self.names),
            shape=self.shape,
            colour=self.colour,
            chance=self.chance,
        )

    @classmethod
    def load(cls, path: Path) -> Styles:
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as file:
            names = tuple(str(name) for name in file["names"])
            return cls(names, file["shape"], file["colour"], file["chance"])

    def apply(self, strengths: Floats, shape: Floats, colour: Floats) -> tuple[Floats, Floats]:
        """Shape and colour (3, vertices) in this look, as new arrays."""
        shape, colour = shape.copy(), colour.copy()
        for k in np.flatnonzero(strengths):
            shape += strengths[k] * self.shape[k]
            colour += strengths[k] * self.colour[k]
        return shape, colour
