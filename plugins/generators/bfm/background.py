"""What is behind the face: one grey, a random texture, or an image of a folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, PrerequisiteError

if TYPE_CHECKING:
    from .params import Params

Image = NDArray[np.float32]

_GREY = 0.5
_CHROMA = 0.15
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


class Background:
    """Draws backgrounds float32 (image_px, image_px, 3), RGB 0..1."""

    def __init__(self, params: Params) -> None:
        self._kind = params.background
        self._size = params.image_px
        self._files: list[Path] = []
        if params.background_folder is not None:
            self._files = image_files(params.background_folder)

    def draw(self, rng: np.random.Generator) -> Image:
        """One background."""
        if self._kind == "plain":
            return np.full((self._size, self._size, 3), _GREY, np.float32)
        if self._kind == "folder":
            return read_image(self._files[int(rng.integers(len(self._files)))], self._size)
        return texture(rng, self._size)


def image_files(folder: Path) -> list[Path]:
    """JPEG and PNG files of a folder and the folders below it, sorted by relative path."""
    if not folder.is_dir():
        raise PrerequisiteError(
            f"background_folder {folder} is not a folder; give one with JPEG or PNG images"
        )
    files = [path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES]
    if not files:
        raise PrerequisiteError(f"background_folder {folder} holds no JPEG or PNG image")
    return sorted(files, key=lambda path: path.relative_to(folder).as_posix())


@lru_cache(maxsize=256)
def read_image(path: Path, size: int) -> Image:
    """An image resized to a square without keeping its aspect, as published."""
    decoded = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise DataError(f"background {path} is not a readable image; remove or replace it")
    square = cv2.resize(decoded, (size, size), interpolation=cv2.INTER_LINEAR)
    rgb = np.ascontiguousarray(square[..., ::-1], np.float32) / np.float32(255)
    rgb.setflags(write=False)
    return rgb


def texture(rng: np.random.Generator, size: int) -> Image:
    """Smooth noise at four scales over a muted colour: mostly light and dark, a little hue."""
    out = np.empty((size, size, 3), np.float32)
    out[:] = rng.uniform(0.1, 0.9) + rng.uniform(-_CHROMA, _CHROMA, 3)
    for cells in (2, 5, 12, 30):
        light = rng.uniform(0.0, 0.16) * rng.standard_normal((cells, cells, 1))
        hue = rng.uniform(0.0, 0.05) * rng.standard_normal((cells, cells, 3))
        noise = (light + hue).astype(np.float32)
        out += cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
    clipped: Image = np.clip(out, 0, 1, out=out)
    return clipped
