"""A linear morphable model: mean plus weighted modes, for shape, colour and expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
from numpy.typing import NDArray

from .styles import Styles

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

_BLOCK = 2048
"""Numbers summed at a time: few enough for the nearest cache."""


@dataclass(frozen=True)
class Modes:
    """Modes of one part: ``basis`` float32 (rank, 3, vertices), already times sqrt(variance).

    A coefficient of 1 is therefore one standard deviation.
    """

    mean: Floats
    basis: Floats

    @property
    def rank(self) -> int:
        """Number of modes."""
        return len(self.basis)

    @classmethod
    def none(cls, mean: Floats) -> Modes:
        """No modes, for as many vertices as ``mean`` (3, vertices) has."""
        return cls(np.zeros_like(mean), np.zeros((0, *mean.shape), np.float32))

    def instance(self, coefficients: Floats) -> Floats:
        """``mean + U (sqrt(variance) * coefficients)`` as float32 (3, vertices).

        Short coefficient vectors count as padded with zeros; longer ones than ``rank`` raise
        ``ValueError``. The order of the sum is fixed, so the result never depends on threads.
        """
        alone: Floats = self.instances(coefficients[None])[0]
        return alone

    def instances(self, coefficients: Floats) -> Floats:
        """Several instances at once, (B, rank) to float32 (B, 3, vertices).

        Each has the bits of :meth:`instance`. The modes are read once for all, which is most of the
        cost of one: eight together take about half the time an instance.
        """
        count, given = coefficients.shape
        if given > self.rank:
            raise ValueError(f"{given} coefficients for {self.rank} modes")
        out = np.empty((count, *self.mean.shape), np.float32)
        _combine(
            self.mean.reshape(-1),
            self.basis.reshape(self.rank, self.mean.size),
            self._moves,
            np.ascontiguousarray(coefficients, np.float32),
            out.reshape(count, -1),
        )
        return out

    @cached_property
    def _moves(self) -> NDArray[np.bool_]:
        """Which modes move anything in each block, (rank, blocks); most expressions only a part."""
        flat = self.basis.reshape(self.rank, self.mean.size)
        starts = range(0, self.mean.size, _BLOCK)
        moves = [flat[:, start : start + _BLOCK].any(axis=1) for start in starts]
        return np.ascontiguousarray(np.stack(moves, axis=1))


@dataclass(frozen=True)
class MorphableModel:
    """Shape and expression in millimetres, colour in display RGB 0..1; axes first: (3, vertices).

    ``triangles`` is int32 (3, T), counter-clockwise seen from outside. ``landmarks`` names
    vertices; ``ruled_landmarks`` says that they are guessed, for a file that has none. With
    ``blend_shapes`` expression coefficients are weights of 0..1. +x is the subject's left, +y up,
    +z out of the face.
    """

    shape: Modes
    colour: Modes
    expression: Modes
    triangles: Ints
    landmarks: Mapping[str, int]
    name: str = "embedded"
    ruled_landmarks: bool = False
    blend_shapes: bool = False
    styles: Styles | None = None

    @property
    def vertices(self) -> int:
        """Number of vertices."""
        return int(self.shape.mean.shape[1])

    def vertex(self, *names: str) -> NDArray[np.int64]:
        """Vertex numbers of named landmarks."""
        return np.array([self.landmarks[name] for name in names], np.int64)


# No fast mathematics here or in the renderer: every sum has one order, so every machine with IEEE
# arithmetic gives the same bits, for any number of instances together.
@numba.njit(cache=True, nogil=True)
def _combine(
    mean: Floats, basis: Floats, moves: NDArray[np.bool_], coefficients: Floats, out: Floats
) -> None:
    block = _BLOCK
    instances, modes = coefficients.shape
    whole = modes - modes % 4
    for start in range(0, mean.size, block):
        stop = min(start + block, mean.size)
        for n in range(instances):
            out[n, start:stop] = mean[start:stop]
        for k in range(0, whole, 4):
            if not moves[k : k + 4, start // block].any():
                continue
            for n in range(instances):
                w = coefficients[n]
                _add_four(
                    w[k],
                    basis[k, start:stop],
                    w[k + 1],
                    basis[k + 1, start:stop],
                    w[k + 2],
                    basis[k + 2, start:stop],
                    w[k + 3],
                    basis[k + 3, start:stop],
                    out[n, start:stop],
                )
        for k in range(whole, modes):
            for n in range(instances):
                _add(coefficients[n, k], basis[k, start:stop], out[n, start:stop])


@numba.njit(cache=True, nogil=True)
def _add_four(
    a: float,
    first: Floats,
    b: float,
    second: Floats,
    c: float,
    third: Floats,
    d: float,
    fourth: Floats,
    out: Floats,
) -> None:
    for i in range(out.size):
        out[i] = (((out[i] + a * first[i]) + b * second[i]) + c * third[i]) + d * fourth[i]


@numba.njit(cache=True, nogil=True)
def _add(weight: float, mode: Floats, out: Floats) -> None:
    for i in range(out.size):
        out[i] += weight * mode[i]
