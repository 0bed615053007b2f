"""Identities: their coefficients, the faces these give, and what they wear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.plugin import stream

from . import sampling
from .distributions import Gaussian
from .model.morphable import MorphableModel
from .model.styles import Styles
from .params import BfmParams

Floats = NDArray[np.float32]

TOGETHER = 16
"""Identities made together: the modes are read once for all, the bits stay the same."""


@dataclass(frozen=True)
class FaceLook:
    """A face as it is drawn: points and albedo (3, vertices), and the strengths of its styles."""

    points: Floats
    albedo: Floats
    styles: Floats | None = None


@dataclass(frozen=True)
class Person:
    """Shape and colour coefficients, the face before any style, and its own look."""

    coefficients: tuple[Floats, Floats]
    plain: tuple[Floats, Floats]
    look: FaceLook


class KnownPeople:
    """The identities of one seed; the last ones are kept."""

    def __init__(self, model: MorphableModel, params: BfmParams, seed: int) -> None:
        self._model, self._params, self._seed = model, params, seed
        self._styles = model.styles if params.styles else None
        self._known: dict[int, Person] = {}

    def meet(self, numbers: Sequence[int]) -> None:
        """Make the first identities of ``numbers`` together, if one of them is not known.

        ``numbers`` are those of the images to come, and may repeat.
        """
        if all(number in self._known for number in numbers[:TOGETHER]):
            return
        self._make(list(dict.fromkeys(numbers))[:TOGETHER])

    def __getitem__(self, number: int) -> Person:
        if number not in self._known:
            self._make([number])
        return self._known[number]

    def look(self, number: int, rng: np.random.Generator) -> FaceLook:
        """How an identity looks on one image: as always, or in other styles on some."""
        person = self[number]
        if self._styles is None or rng.random() >= self._params.restyle:
            return person.look
        return _styled(self._styles, person.plain, rng)

    def worn(self, look: FaceLook) -> str | None:
        """Names of the styles that not everyone wears, or None where there are no styles."""
        if self._styles is None or look.styles is None:
            return None
        return ", ".join(self._styles.worn(look.styles))

    def _make(self, numbers: Sequence[int]) -> None:
        """Make these identities and forget all others."""
        shapes, colours = (
            [self._coefficients(what, number) for number in numbers] for what in ("shape", "colour")
        )
        points = self._model.shape.instances(np.stack(shapes))
        albedos = self._model.colour.instances(np.stack(colours))
        made = zip(numbers, shapes, colours, points, albedos, strict=True)
        self._known = {n: self._person(n, (a, b), (face, skin)) for n, a, b, face, skin in made}

    def _person(
        self, number: int, coefficients: tuple[Floats, Floats], plain: tuple[Floats, Floats]
    ) -> Person:
        if self._styles is None:
            points, albedo = plain
            return Person(coefficients, plain, FaceLook(points, np.clip(albedo, 0, 1)))
        rng = stream(self._seed, "bfm", "styles", number)
        return Person(coefficients, plain, _styled(self._styles, plain, rng))

    def _coefficients(self, what: str, number: int) -> Floats:
        params, rank = self._params, getattr(self._model, what).rank
        wanted: int | None = getattr(params, f"{what}_components")
        return sampling.coefficients(
            stream(self._seed, "bfm", what, number),
            rank if wanted is None else min(wanted, rank),
            getattr(params, what) or Gaussian(std=1.0),
            params.bound_std,
        )


def _styled(styles: Styles, plain: tuple[Floats, Floats], rng: np.random.Generator) -> FaceLook:
    strengths = styles.draw(rng)
    points, albedo = styles.apply(strengths, *plain)
    return FaceLook(points, np.clip(albedo, 0, 1, out=albedo), strengths)
