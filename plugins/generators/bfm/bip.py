"""The Basel Illumination Prior: lights estimated from photographs, one ``.rps`` file each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError, PrerequisiteError
from harness.plugin.files import walk
from harness.plugin.sources import natural

from .rps import read_json, read_light

Doubles = NDArray[np.float64]


class Prior:
    """All lights of a folder, and the normal distribution with their mean and covariance."""

    def __init__(self, folder: Path) -> None:
        self.lights = read_lights(folder)
        flat = self.lights.reshape(len(self.lights), 27)
        self._mean = flat.mean(axis=0)
        centred = flat - self._mean
        # Fixed shapes and no BLAS, so that every process draws the same light.
        covariance = np.einsum("ni,nj->ij", centred, centred) / max(len(flat) - 1, 1)
        values, vectors = np.linalg.eigh(covariance)
        self._root = vectors * np.sqrt(np.maximum(values, 0.0))

    def one(self, rng: np.random.Generator) -> Doubles:
        """One of the lights, each as likely as the others."""
        light: Doubles = self.lights[int(rng.integers(len(self.lights)))]
        return light

    def normal(self, rng: np.random.Generator) -> Doubles:
        """One light of the normal distribution in 27 dimensions."""
        drawn: Doubles = self._mean + np.einsum("ij,j->i", self._root, rng.standard_normal(27))
        return drawn.reshape(9, 3)


def read_lights(folder: Path) -> Doubles:
    """Every light of ``folder/parameters/*.rps`` or ``folder/*.rps``, float64 (N, 9, 3).

    Files are in the natural order of their names, and can have any version. Raises
    ``PrerequisiteError`` when there is none, ``DataError`` naming the file that has no light.
    """
    inner = folder / "parameters"
    here = next(walk(inner if inner.is_dir() else folder, deep=False))
    paths = sorted((here.path / name for name in here.files if name.endswith(".rps")), key=_order)
    if not paths:
        raise PrerequisiteError(
            f"bip_folder {folder} holds no .rps file; give the folder of the Basel Illumination "
            "Prior, which has parameters/*.rps"
        )
    lights = [read_light(read_json(path), path) for path in paths]
    for path, light in zip(paths, lights, strict=True):
        if not light.any():
            raise DataError(f"{path} has a light of zeros; remove the file")
    return np.stack(lights)


def _order(path: Path) -> tuple[tuple[int, int, str], ...]:
    return natural(path.stem)
