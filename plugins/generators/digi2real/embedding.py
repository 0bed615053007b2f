"""Face embeddings of the source images: ArcFace, any other model, or a fixed projection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from harness.plugin import DataError, InputSpec, stream
from harness.plugin.files import content_sha256
from harness.plugin.images import decode, template_points, unusable, warp
from harness.plugin.models import open_session, run_session

from .onnx_nodes import normalises_inside

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from harness.plugin import Images
    from harness.plugin.models import Model

CROP_PX = 112
_SPEC = InputSpec(CROP_PX, CROP_PX, "arcface")
SIZE = 512
"""Values of an embedding that the text encoder of Arc2Face was trained on."""


class Embedder(Protocol):
    """Crops as ``spec`` wants them, uint8 RGB (N, H, W, 3), to raw embeddings, float32 (N, d)."""

    name: str
    identity: str
    spec: InputSpec

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed a batch."""


class ArcFaceNetwork:
    """``arcface.onnx`` of the Arc2Face release; ``identity`` is the digest of its content.

    Input RGB (x - 127.5) / 127.5, unless the network begins with its own normalisation.
    """

    name = "arcface"
    spec = _SPEC

    def __init__(self, path: Path, device: str = "cpu") -> None:
        self.identity = content_sha256(path)
        self._inside = normalises_inside(path)
        self._path, self._session = path, open_session(path, device)
        self._input = self._session.get_inputs()[0].name

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See :class:`Embedder`."""
        values = crops.transpose(0, 3, 1, 2).astype(np.float32)
        if not self._inside:
            values = (values - 127.5) / 127.5
        output, *_ = run_session(self._session, self._path, None, {self._input: values})
        return np.asarray(output, np.float32)


class RandomProjection:
    """Colours of a 16 x 16 miniature through a fixed Gaussian matrix: no face recognition.

    It stands in for ArcFace where there are no weights: equal images have equal embeddings and
    similar ones similar embeddings, and that is all.
    """

    name = "random-projection"
    identity = "random-projection 1"
    spec = _SPEC

    def __init__(self, size: int) -> None:
        rng = stream(0, "digi2real", "random-projection", size)
        self._matrix = rng.standard_normal((16 * 16 * 3, size)).astype(np.float32)

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See :class:`Embedder`."""
        blocks = crops.reshape(len(crops), 16, CROP_PX // 16, 16, CROP_PX // 16, 3)
        small = blocks.mean(axis=(2, 4), dtype=np.float64).reshape(len(crops), -1) / 127.5 - 1
        return np.asarray(small @ self._matrix, np.float32)


class OtherModel:
    """A model plugin; ``identity`` is the digest of component, parameters and weights."""

    def __init__(self, model: Model, name: str, identity: str) -> None:
        self.name, self.identity, self.spec = name, identity, model.input_spec
        self.embed = model.embed


def crop(
    images: Images, index: int, data: bytes, spec: InputSpec = _SPEC
) -> tuple[NDArray[np.uint8], bool]:
    """One image as a network wants it, uint8 RGB (H, W, 3), and whether it was aligned.

    By its landmarks or its template; an image without either is taken whole, because the crops of
    DigiFace-1M are too tight for a detector. Raises DataError for an unreadable image and for
    landmarks that place no face.
    """
    name = images.names[index]
    pixels = decode(data, name)
    points = images.landmarks[index]
    if not np.isnan(points).all():
        reason = unusable(points)
        if reason:
            raise DataError(f"{name}: {reason}")
        return warp(pixels, points, spec), True
    if images.template is not None:
        height, width = pixels.shape[:2]
        return warp(pixels, template_points(images.template, width, height), spec), True
    whole = cv2.resize(pixels, (spec.width, spec.height), interpolation=cv2.INTER_AREA)
    return np.asarray(whole, np.uint8), False
