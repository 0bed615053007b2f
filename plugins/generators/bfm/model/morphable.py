"""A linear morphable model: mean plus weighted modes, for shape, colour and expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from .styles import Styles

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Steps = NDArray[np.int16]

_BLOCK = 2048
"""Numbers summed at a time: few enough for the nearest cache."""


_STEPS = 32767


@dataclass(frozen=True)
class Modes:
    """Modes of one part: mode ``k`` is ``size[k] * steps[k]``, already times sqrt(variance).

    A coefficient of 1 is therefore one standard deviation. ``mean`` is float32 (3, vertices),
    ``steps`` int16 (rank, 3, vertices), ``size`` float32 (rank,). Whole steps take half the memory,
    and one is a 32,767th of the largest value of its mode: a tenth of a micrometre or so.
    """

    mean: Floats
    steps: Steps
    size: Floats

    @property
    def rank(self) -> int:
        """Number of modes."""
        return len(self.steps)

    @property
    def basis(self) -> Floats:
        """The modes as float32 (rank, 3, vertices), made again at every call."""
        return self.steps * self.size[:, None, None]

    @classmethod
    def of(
        cls, mean: NDArray[Any], basis: NDArray[Any], lengths: NDArray[Any] | None = None
    ) -> Modes:
        """Modes from floats (rank, 3, vertices), each times its ``lengths`` (rank,) if given.

        Takes one mode at a time, so that ``basis`` may be a view of a file's array.
        """
        steps = np.empty((len(basis), *mean.shape), np.int16)
        size = np.empty(len(basis), np.float32)
        for k, mode in enumerate(basis):
            whole = np.asarray(mode, np.float64) * (1.0 if lengths is None else lengths[k])
            size[k] = np.abs(whole).max(initial=0.0) / _STEPS
            steps[k] = np.rint(whole / (size[k] or 1.0)).clip(-_STEPS, _STEPS)
        return cls(np.ascontiguousarray(mean, np.float32), steps, size)

    @classmethod
    def none(cls, mean: Floats) -> Modes:
        """No modes, for as many vertices as ``mean`` (3, vertices) has."""
        return cls.of(np.zeros_like(mean), np.zeros((0, *mean.shape), np.float32))

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
            self.steps.reshape(self.rank, self.mean.size),
            self._moves,
            np.ascontiguousarray(coefficients * self.size[:given], np.float32),
            out.reshape(count, -1),
        )
        return out

    @cached_property
    def _moves(self) -> NDArray[np.bool_]:
        """Which modes move anything in each block, (rank, blocks); most expressions only a part."""
        flat = self.steps.reshape(self.rank, self.mean.size)
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
    mean: Floats, steps: Steps, moves: NDArray[np.bool_], coefficients: Floats, out: Floats
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
                    steps[k, start:stop],
                    w[k + 1],
                    steps[k + 1, start:stop],
                    w[k + 2],
                    steps[k + 2, start:stop],
                    w[k + 3],
                    steps[k + 3, start:stop],
                    out[n, start:stop],
                )
        for k in range(whole, modes):
            for n in range(instances):
                _add(coefficients[n, k], steps[k, start:stop], out[n, start:stop])


@numba.njit(cache=True, nogil=True)
def _add_four(
    a: float,
    first: Steps,
    b: float,
    second: Steps,
    c: float,
    third: Steps,
    d: float,
    fourth: Steps,
    out: Floats,
) -> None:
    for i in range(out.size):
        total = out[i] + a * np.float32(first[i])
        total = (total + b * np.float32(second[i])) + c * np.float32(third[i])
        out[i] = total + d * np.float32(fourth[i])


@numba.njit(cache=True, nogil=True)
def _add(weight: float, mode: Steps, out: Floats) -> None:
    for i in range(out.size):
        out[i] += weight * np.float32(mode[i])
