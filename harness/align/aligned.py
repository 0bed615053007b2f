"""An image set seen through its placements: what a network is fed, in training and in testing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.align.decode import decode
from harness.align.warp import warp
from harness.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.align.placements import Placements
    from harness.components import Images, InputSpec


class AlignedImages:
    """Aligned faces by number: read, decoded and warped when asked for.

    Holds no state of its own, so it may be used from many threads; decoding and warping release
    the interpreter lock.
    """

    def __init__(self, images: Images, placements: Placements, spec: InputSpec) -> None:
        if len(images) != len(placements):
            raise DataError(
                f"{len(placements)} placements cannot belong to {len(images)} images: align again"
            )
        self.images = images
        self.placements = placements
        self.spec = spec

    def __len__(self) -> int:
        return len(self.placements)

    def failed(self, index: int) -> str | None:
        """Why image ``index`` has no face, or None when it has one."""
        if self.placements.methods[index] != "none":
            return None
        return self.placements.reasons[index]

    def image(self, index: int) -> NDArray[np.uint8]:
        """Aligned uint8 RGB (height, width, 3) of the input specification.

        Raises DataError naming the image when it cannot be read or decoded, or when ``failed``
        says that there is no face.
        """
        name = self.images.names[index]
        # Names within one file, as those of a .bin, say nothing without it.
        file = getattr(self.images, "path", None)
        name = f"{file.name}, image {name}" if isinstance(file, Path) else name
        reason = self.failed(index)
        if reason is not None:
            raise DataError(f"{name}: cannot be aligned, {reason}")
        pixels = decode(self.images.read(index), name)
        return warp(pixels, self.placements.landmarks[index], self.spec)
