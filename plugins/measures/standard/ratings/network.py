"""Ready ONNX networks that look at one face: cropping, and running them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError, InputSpec
from harness.plugin.images import unusable, warp
from harness.plugin.models import open_session, run_session, to_array

if TYPE_CHECKING:
    from harness.plugin import Context
    from harness.plugin.ratings import FaceBatch

    from .params import NetworkParams

_EYES_TO_MOUTH = 2.4  # sides of a face box, forehead to chin, in distances from eyes to mouth


class FaceNetwork:
    """A network with one image input and any number of outputs."""

    def __init__(self, params: NetworkParams, ctx: Context) -> None:
        self.params = params
        self._session = open_session(params.path, ctx.device)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4:
            raise DataError(
                f"{params.path} does not have one input of images (N, 3, height, width)"
            )
        self._input = inputs[0].name
        self._one = isinstance(inputs[0].shape[0], int)
        self.outputs = [output.name for output in self._session.get_outputs()]
        template = "arcface" if params.crop == "box" else params.crop
        self._spec = InputSpec(
            params.width, params.height, template, params.colour, params.mean, params.std
        )

    def run(self, faces: FaceBatch) -> tuple[list[NDArray[np.float64]], NDArray[np.intp]]:
        """Outputs (K, ...) of the K faces that can be cropped, and their rows (K,)."""
        crops, rows = [], []
        for row, image in enumerate(faces.images):
            crop = self._crop(image, faces.landmarks[row], faces.boxes[row])
            if crop is not None:
                crops.append(crop)
                rows.append(row)
        if not rows:
            return [], np.empty(0, np.intp)
        values = to_array(np.stack(crops), self._spec)
        step = 1 if self._one else len(values)
        parts = [
            run_session(self._session, self.params.path, self.outputs,
                        {self._input: values[start : start + step]}, self.params.limit_s)
            for start in range(0, len(values), step)
        ]  # fmt: skip
        found = [np.concatenate([np.atleast_1d(part[k]) for part in parts]).astype(np.float64)
                 for k in range(len(self.outputs))]  # fmt: skip
        for name, output in zip(self.outputs, found, strict=True):
            if len(output) != len(rows):
                raise DataError(
                    f"{self.params.path}: output {name} has {len(output)} rows for {len(rows)} "
                    "images"
                )
        return found, np.array(rows, np.intp)

    def _crop(
        self, image: NDArray[np.uint8], points: NDArray[np.float32], box: NDArray[np.float32]
    ) -> NDArray[np.uint8] | None:
        if self.params.crop != "box":
            return None if unusable(points) else warp(image, points, self._spec)
        if not np.isfinite(box).all():
            if unusable(points):
                return None
            box = box_around(points)
        return cut(image, box, self.params.box_margin, self.params.width, self.params.height)


def box_around(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Left, top, right and bottom of an upright square box that five landmarks (5, 2) imply."""
    eyes, mouth = points[:2].mean(0), points[3:].mean(0)
    half = _EYES_TO_MOUTH * float(np.linalg.norm(mouth - eyes)) / 2
    middle = points.mean(0)
    return np.array([*(middle - half), *(middle + half)], np.float32)


def cut(
    image: NDArray[np.uint8], box: NDArray[np.float32], margin: float, width: int, height: int
) -> NDArray[np.uint8]:
    """A box, enlarged on every side by a share of itself, as (height, width, 3); black outside."""
    size = np.maximum(box[2:] - box[:2], 1.0)
    start, size = box[:2] - margin * size, (1 + 2 * margin) * size
    across, down = np.maximum(np.rint(size), 1).astype(int).tolist()
    shift = np.array([[1.0, 0.0, -start[0]], [0.0, 1.0, -start[1]]])
    whole = cv2.warpAffine(image, shift, (across, down))
    shrinks = across * down > width * height
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(whole, (width, height), interpolation=method), np.uint8)
