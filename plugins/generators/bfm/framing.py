"""Where the face comes to be in the image: the three ways of centring."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .model.morphable import MorphableModel
from .rendering.camera import (
    BOX_LANDMARKS,
    CENTRE_LANDMARKS,
    FOCAL,
    SENSOR,
    Camera,
    face_camera,
    posed,
    rotation,
)
from .sampling import FaceView

if TYPE_CHECKING:
    from .params import BfmParams

Floats = NDArray[np.float32]

MIDDLE_LANDMARKS = ("left.eye.pupil.center", "right.eye.pupil.center", "center.nose.tip")


class Framing:
    """Chooses the camera of every image, by landmarks of one model."""

    def __init__(self, params: BfmParams, model: MorphableModel) -> None:
        self._centring, self._size = params.centring, params.image_px
        self._box_scale = params.box_scale
        self._box = model.vertex(*BOX_LANDMARKS)
        self._centre = model.vertex(*CENTRE_LANDMARKS)
        self._middle = model.vertex(*MIDDLE_LANDMARKS)

    def camera(self, points: Floats, view: FaceView) -> Camera:
        """The camera for a face (3, N) held as ``view`` says, shifted as it says."""
        pose = view.pose
        turn = rotation(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)
        half = self._size / 2
        if self._centring == "facebox":
            box, centre = (posed(points[:, v], turn) for v in (self._box, self._centre))
            camera = face_camera(box, centre, self._size, self._box_scale)
        else:
            camera = Camera(FOCAL * view.scaling / SENSOR * self._size, half, half)
        if self._centring == "landmark":
            x, y = camera.project(posed(points[:, self._middle], turn)).mean(axis=1)
            camera = Camera(camera.scale, 2 * half - float(x), 2 * half - float(y))
        return replace(camera, cx=camera.cx + view.shift_x_px, cy=camera.cy - view.shift_y_px)
