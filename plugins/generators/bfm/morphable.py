"""A linear morphable model: mean plus weighted modes, for shape, colour and expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


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

    def instance(self, coefficients: Floats) -> Floats:
        """``mean + U (sqrt(variance) * coefficients)`` as float32 (3, vertices).

        Short coefficient vectors count as padded with zeros; longer ones than ``rank`` raise
        ``ValueError``. The order of the sum is fixed, so the result never depends on threads.
        """
        if len(coefficients) > self.rank:
            raise ValueError(f"{len(coefficients)} coefficients for {self.rank} modes")
        out = np.empty_like(self.mean)
        _combine(
            self.mean.reshape(-1),
            self.basis.reshape(self.rank, self.mean.size),
            np.ascontiguousarray(coefficients, np.float32),
            out.reshape(-1),
        )
        return out


@dataclass(frozen=True)
class MorphableModel:
    """Shape and expression in millimetres, colour in display RGB 0..1; axes first: (3, vertices).

    ``triangles`` is int32 (3, T), counter-clockwise seen from outside. ``landmarks`` names
    vertices. +x is the subject's left, +y up, +z out of the face.
    """

    shape: Modes
    colour: Modes
    expression: Modes
    triangles: Ints
    landmarks: Mapping[str, int]

    @property
    def vertices(self) -> int:
        """Number of vertices."""
        return self.shape.mean.shape[1]

    def vertex(self, *names: str) -> NDArray[np.int64]:
        """Vertex numbers of named landmarks."""
        return np.array([self.landmarks[name] for name in names], np.int64)

    def save(self, path: Path) -> None:
        """Write one uncompressed ``.npz``."""
        names = sorted(self.landmarks)
        arrays: dict[str, Any] = {
            "triangles": self.triangles,
            "landmark_names": np.array(names),
            "landmark_vertices": self.vertex(*names),
        }
        for part in ("shape", "colour", "expression"):
            modes = getattr(self, part)
            arrays |= {f"{part}_mean": modes.mean, f"{part}_basis": modes.basis}
        np.savez(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> MorphableModel:
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as file:
            parts = {
                part: Modes(file[f"{part}_mean"], file[f"{part}_basis"])
                for part in ("shape", "colour", "expression")
            }
            pairs = zip(file["landmark_names"], file["landmark_vertices"], strict=True)
            landmarks = {str(name): int(vertex) for name, vertex in pairs}
            return cls(triangles=file["triangles"], landmarks=landmarks, **parts)


# No fast mathematics here or in the renderer: every sum has one order, so every machine with IEEE
# arithmetic gives the same bits.
@numba.njit(cache=True, nogil=True)
def _combine(mean: Floats, basis: Floats, coefficients: Floats, out: Floats) -> None:
    block = 2048
    for start in range(0, mean.size, block):
        stop = min(start + block, mean.size)
        for i in range(start, stop):
            out[i] = mean[i]
        for k in range(coefficients.size):
            weight = coefficients[k]
            for i in range(start, stop):
                out[i] += weight * basis[k, i]
