"""The generator ``bfm``: identities of a morphable model under random pose, light, background."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from harness import Generator
from harness.components import Context
from harness.faces.face import Face, Missing, Slot
from harness.seeds import stream

from . import embedded, illumination, sampling
from .background import Background
from .h5_model import read_h5
from .morphable import MorphableModel
from .render import Renderer, Rendering

Floats = NDArray[np.float32]

_MODEL_FILE = "model.npz"


class Bfm(Generator):
    """Renders faces after Kortylewski et al. 2018, with a morphable model of our own.

    An identity is its shape and colour coefficients; expression, pose, light and background are
    drawn for each image, every one from a stream of its own.
    """

    shard_slots = 2000

    def prepare(self, ctx: Context) -> None:
        """Make the embedded model if the store lacks it, and load it."""
        super().prepare(ctx)
        self._model = self._open_model(ctx)
        self._renderer = Renderer(self._model, self.params.image_px, self.params.box_scale)
        self._background = Background(self.params)
        self._current: tuple[int, Floats, Floats] | None = None

    def _open_model(self, ctx: Context) -> MorphableModel:
        if self.params.model_file is not None:
            return read_h5(Path(self.params.model_file))
        folder = ctx.artifact("embedded-model", {"revision": embedded.REVISION}, _build)
        return MorphableModel.load(folder / _MODEL_FILE)

    def samples_per_identity(self) -> NDArray[np.int32]:
        """The same number for every identity, int32 (identities,)."""
        return np.full(self.params.identities, self.params.images_per_id, np.int32)

    def generate(self, slots: Sequence[Slot]) -> Iterator[Face | Missing]:
        """Yield one face for each slot; none is ever missing."""
        for slot in slots:
            yield self._face(slot)

    def _face(self, slot: Slot) -> Face:
        params = self.params
        shape, colour = self._identity(slot.identity)
        pose = sampling.pose(
            params.yaw_deg,
            params.pitch_deg,
            params.roll_deg,
            slot.sample,
            self._stream("pose", slot),
        )
        rendering = self._renderer.render(
            self._expressive(shape, slot),
            colour,
            pose,
            self._light(slot),
            self._background.draw(self._stream("background", slot)),
        )
        meta = {
            "yaw_deg": pose.yaw_deg,
            "pitch_deg": pose.pitch_deg,
            "roll_deg": pose.roll_deg,
            "light": params.light,
            "background": params.background,
        }
        return Face(
            slot,
            self._encode(rendering),
            landmarks=rendering.landmarks,
            box=rendering.box,
            meta=meta,
        )

    def _stream(self, what: str, slot: Slot) -> np.random.Generator:
        return stream(self.ctx.seed, "bfm", what, slot.identity, slot.sample)

    def _identity(self, identity: int) -> tuple[Floats, Floats]:
        """Shape and colour (3, vertices) each; the last identity is kept."""
        if self._current is None or self._current[0] != identity:
            rng = stream(self.ctx.seed, "bfm", "identity", identity)
            shape, colour = (
                modes.instance(sampling.coefficients(rng, modes.rank))
                for modes in (self._model.shape, self._model.colour)
            )
            self._current = identity, shape, np.clip(colour, 0, 1)
        return self._current[1:]

    def _expressive(self, shape: Floats, slot: Slot) -> Floats:
        """``shape`` with an expression; at zero strength neutral, without the mean expression."""
        if self.params.expression_std == 0:
            return shape
        modes = self._model.expression
        rng = self._stream("expression", slot)
        return shape + modes.instance(
            sampling.coefficients(rng, modes.rank, self.params.expression_std)
        )

    def _light(self, slot: Slot) -> NDArray[np.float64]:
        if self.params.light == "static-frontal":
            return illumination.static_frontal()
        return illumination.lobes(self._stream("light", slot))

    def _encode(self, rendering: Rendering) -> bytes:
        quality = [cv2.IMWRITE_JPEG_QUALITY, self.params.jpeg_quality]
        done, encoded = cv2.imencode(".jpg", rendering.pixels[..., ::-1], quality)
        if not done:
            raise RuntimeError("JPEG encoding failed")
        return encoded.tobytes()


def _build(folder: Path) -> None:
    # One thread: eigenvectors must not depend on how many processors the first user had.
    with threadpool_limits(1):
        embedded.build().save(folder / _MODEL_FILE)
