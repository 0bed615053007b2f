"""Images that lie as files in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".pgm", ".ppm", ".tif", ".tiff"})


class ImageFiles:
    """Implements :class:`harness.components.Images` on files below ``root``.

    ``names`` are paths relative to ``root`` with forward slashes. ``landmarks`` and ``boxes`` are
    filled with NaN where not given.
    """

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        *,
        landmarks: NDArray[np.float32] | None = None,
        boxes: NDArray[np.float32] | None = None,
        template: str | None = None,
        subjects: NDArray[np.int64] | None = None,
    ) -> None:
        self.root, self.names = root, names
        unknown = np.full((len(names), 5, 2), np.nan, np.float32)
        self.landmarks: NDArray[np.float32] = unknown if landmarks is None else landmarks
        nowhere = np.full((len(names), 4), np.nan, np.float32)
        self.boxes: NDArray[np.float32] = nowhere if boxes is None else boxes
        self.template, self.subjects = template, subjects

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int) -> bytes:
        """Bytes of one file; raises ``DataError`` naming it when it cannot be read."""
        path = self.root / self.names[index]
        try:
            return path.read_bytes()
        except OSError as error:
            raise DataError(f"cannot read image {path}: {error.strerror}; check the file") from None


def find_images(folder: Path) -> list[str]:
    """All image files below a folder, sorted, relative to it; raises ``DataError`` if none."""
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    if not names:
        raise DataError(f"{folder} holds no image file ({', '.join(sorted(SUFFIXES))})")
    return names
