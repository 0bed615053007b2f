"""Images that are files in a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.faces.left_out import HIDDEN, OTHER, TIFF, LeftOut
from harness.inputs import WalkedFolder, is_hidden_path, shown, walk

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".pgm", ".ppm"})
"""Files of these suffixes are taken for images; one that is not can then be named as damaged."""
BY_CONTENT = frozenset({"", ".jfif", ".jpe", ".tif", ".tiff"})
"""Files of these suffixes may be anything; their first bytes decide."""
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_HEAD_BYTES = 16


class ImageFiles:
    """Implements :class:`harness.components.Images` on files below ``root``.

    ``names`` are paths relative to ``root`` with forward slashes; as an attribute they are valid
    text (:func:`harness.inputs.shown`). ``landmarks`` and ``boxes`` are filled with NaN where not
    given. Raises ``DataError`` for a hidden file, because it is not part of any fingerprint.
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
        for name in names:
            # The first test is quick: lists can have millions of names.
            if (name[:1] == "." or "/." in name or "__" in name) and is_hidden_path(name):
                raise DataError(f"{root}: image {shown(name)} is hidden; rename it")
        self.root, self._files = root, names
        self.names: Sequence[str] = names if _is_text(names) else [shown(name) for name in names]
        unknown = np.full((len(names), 5, 2), np.nan, np.float32)
        self.landmarks: NDArray[np.float32] = unknown if landmarks is None else landmarks
        nowhere = np.full((len(names), 4), np.nan, np.float32)
        self.boxes: NDArray[np.float32] = nowhere if boxes is None else boxes
        self.template, self.subjects = template, subjects

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int) -> bytes:
        """Bytes of one file; raises ``DataError`` naming it when it cannot be read."""
        path = self.root / self._files[index]
        try:
            return path.read_bytes()
        except OSError as error:
            raise DataError(f"cannot read image {path}: {error.strerror}; check the file") from None


@dataclass(frozen=True)
class FoundImages:
    """Paths of images below a folder, and what is not among them."""

    names: list[str]
    left_out: LeftOut


def search_images(folder: Path) -> FoundImages:
    """All image files below a folder, sorted, relative to it; raises ``DataError`` if none."""
    names: list[str] = []
    left_out = LeftOut()
    for here in walk(folder):
        images, _ = sort_out(here, left_out)
        names += map(here.below, images)
    if not names:
        raise DataError(
            f"{folder} holds no image file ({', '.join(sorted(SUFFIXES))})"
            f"{left_out.sentence('; left out: ')}"
        )
    return FoundImages(sorted(names), left_out)


def sort_out(
    here: WalkedFolder, left_out: LeftOut, wanted: Callable[[str], bool] = lambda _: False
) -> tuple[list[str], list[str]]:
    """The images of a folder of a walk, and its other files that are ``wanted``; notes the rest."""
    images, others = [], []
    for name in here.hidden:
        left_out.add(HIDDEN, here.below(name))
    for name in here.files:
        if wanted(name):
            others.append(name)
            continue
        reason = reason_against(name, partial(_head, here.path / name))
        if reason:
            left_out.add(reason, here.below(name))
        else:
            images.append(name)
    return images, others


def reason_against(name: str, head: Callable[[], bytes]) -> str:
    """Why a file is not taken for an image, in words that follow its count; empty for an image.

    ``head`` gives its first bytes; it is called only where the suffix does not tell.
    """
    # Path(name).suffix is ten times slower, and there can be a million names.
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122
    if suffix in SUFFIXES:
        return ""
    if suffix not in BY_CONTENT:
        return OTHER
    from harness.align.headers import format_of

    data = head()
    if data.startswith(_TIFF):
        return TIFF
    return "" if format_of(data) else OTHER


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; check the file") from None


def _is_text(names: Sequence[str]) -> bool:
    try:
        for name in names:
            name.encode()
    except UnicodeEncodeError:
        return False
    return True
