"""What is behind the face: one grey, a random texture, or an image of a folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError, PrerequisiteError
from harness.plugin.files import shown, walk_files
from harness.plugin.images import decode

if TYPE_CHECKING:
    from .params import BfmParams

Image = NDArray[np.uint8]

_GREY = 128
_CHROMA = 0.15
_CELLS = (2, 5, 12, 30)
_SUFFIXES = (".jpg", ".jpeg", ".png")


class Background:
    """Draws backgrounds uint8 (size, size, 3), RGB."""

    def __init__(self, params: BfmParams, size: int) -> None:
        self._kind = params.background
        self._size = size
        self._files: list[Path] = []
        if params.background_folder is not None:
            self._folder = Path(params.background_folder)
            self._files = image_files(self._folder)

    def draw(self, rng: np.random.Generator) -> tuple[Image, str]:
        """One background, and its kind or the name of its file."""
        return self.at(int(rng.integers(len(self._files))) if self._files else 0, rng)

    def at(self, number: int, rng: np.random.Generator) -> tuple[Image, str]:
        """Image ``number`` of the folder, else one of the kind wanted.

        Raises ``PrerequisiteError`` when the folder has fewer images.
        """
        if self._kind == "plain":
            return np.full((self._size, self._size, 3), _GREY, np.uint8), self._kind
        if self._kind == "procedural":
            return texture(rng, self._size), self._kind
        if number >= len(self._files):
            raise PrerequisiteError(
                f"the grid asks for background {number} and background_folder holds "
                f"{len(self._files)} images; add images or end its range earlier"
            )
        path = self._files[number]
        return read_image(path, self._size), shown(path.relative_to(self._folder).as_posix())


def image_files(folder: Path) -> list[Path]:
    """JPEG and PNG files of a folder and the folders below it, sorted by relative path."""
    if not folder.is_dir():
        raise PrerequisiteError(
            f"background_folder {folder} is not a folder; give one with JPEG or PNG images"
        )
    names = [name for name in walk_files(folder) if name.lower().endswith(_SUFFIXES)]
    if not names:
        raise PrerequisiteError(f"background_folder {folder} holds no JPEG or PNG image")
    return [folder / name for name in sorted(names)]


@lru_cache(maxsize=256)
def read_image(path: Path, size: int) -> Image:
    """An image resized to a square without keeping its aspect, as published."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read background {path}: {error.strerror}") from None
    decode(data, f"background {path}")  # finds damage; OpenCV turns the image by its EXIF tag
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise DataError(f"background {path} is not an image that OpenCV reads; convert it to PNG")
    square = cv2.resize(decoded, (size, size), interpolation=cv2.INTER_LINEAR)
    rgb = np.ascontiguousarray(square[..., ::-1], np.uint8)
    rgb.setflags(write=False)
    return rgb


def texture(rng: np.random.Generator, size: int) -> Image:
    """Smooth noise at four scales over a muted colour: mostly light and dark, a little hue."""
    finest = _CELLS[-1]
    out = np.zeros((finest, finest, 3), np.float32)
    out += (rng.uniform(0.1, 0.9) + rng.uniform(-_CHROMA, _CHROMA, 3)).astype(np.float32)
    for cells in _CELLS:
        light = rng.uniform(0.0, 0.16) * rng.standard_normal((cells, cells, 1))
        hue = rng.uniform(0.0, 0.05) * rng.standard_normal((cells, cells, 3))
        noise = (light + hue).astype(np.float32)
        out += cv2.resize(noise, (finest, finest), interpolation=cv2.INTER_CUBIC)
    # Summed on the finest grid: enlarging every scale to the image costs three times as much.
    out = np.rint(255 * np.clip(out, 0, 1)).astype(np.uint8)
    return np.asarray(cv2.resize(out, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)
