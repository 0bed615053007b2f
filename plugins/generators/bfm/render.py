"""One image from a posed, lit and painted face, with its five landmarks and face box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import rasterise
from .camera import (
    BOX_LANDMARKS,
    CENTRE_LANDMARKS,
    DISTANCE_MM,
    Camera,
    face_camera,
    posed,
    rotation,
)
from .morphable import MorphableModel
from .sampling import Pose
from .shading import polynomial

Floats = NDArray[np.float32]

SUPERSAMPLE = 2
"""Samples along each side of a pixel."""

FIVE_LANDMARKS = (
    "right.eye.pupil.center",
    "left.eye.pupil.center",
    "center.nose.tip",
    "right.lips.corner",
    "left.lips.corner",
)
"""The subject's right is the left of the image."""


@dataclass(frozen=True)
class Rendering:
    """``pixels`` uint8 RGB (size, size, 3); landmarks and box as in ``harness.faces.face.Face``."""

    pixels: NDArray[np.uint8]
    landmarks: Floats
    box: Floats


class Renderer:
    """Renders faces of one model at one size; not to be shared between threads."""

    def __init__(self, model: MorphableModel, image_px: int, box_scale: float) -> None:
        self._model = model
        self._size = image_px
        self._box_scale = box_scale
        self._five = model.vertex(*FIVE_LANDMARKS)
        self._box = model.vertex(*BOX_LANDMARKS)
        self._centre = model.vertex(*CENTRE_LANDMARKS)
        self._buffers = rasterise.Buffers(
            model.vertices, model.triangles.shape[1], image_px * SUPERSAMPLE
        )

    def render(
        self,
        points: Floats,
        albedo: Floats,
        pose: Pose,
        light: NDArray[np.float64],
        background: Floats,
    ) -> Rendering:
        """Render ``points`` (3, N, millimetres) with ``albedo`` (3, N) over ``background``.

        ``light`` is (9, 3), see :mod:`.shading`; ``background`` is (size, size, 3) in 0..1.
        """
        turn = rotation(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)
        box = posed(points[:, self._box], turn)
        centre = posed(points[:, self._centre], turn)
        camera = face_camera(box, centre, self._size, self._box_scale)
        pixels = self._draw(points, albedo, turn, camera, polynomial(light), background)
        # From the corner of the top-left pixel to its centre.
        five = camera.project(posed(points[:, self._five], turn)).T - 0.5
        corners = camera.project(box) - 0.5
        middle = (corners.min(axis=1) + corners.max(axis=1)) / 2
        half = np.ptp(corners, axis=1).max() / 2
        around = np.concatenate([middle - half, middle + half])
        return Rendering(pixels, five.astype(np.float32), around.astype(np.float32))

    def _draw(
        self,
        points: Floats,
        albedo: Floats,
        turn: NDArray[np.float64],
        camera: Camera,
        factors: Floats,
        background: Floats,
    ) -> NDArray[np.uint8]:
        b, triangles = self._buffers, self._model.triangles
        scale, cx, cy = (
            np.float32(SUPERSAMPLE * value) for value in (camera.scale, camera.cx, camera.cy)
        )
        rasterise.project(
            points,
            turn.astype(np.float32),
            np.float32(DISTANCE_MM),
            scale,
            cx,
            cy,
            b.position,
            b.screen,
            b.inverse_depth,
        )
        rasterise.vertex_normals(triangles, b.position, b.normal)
        count = rasterise.cull(triangles, b.screen, b.depth.shape[0], b.visible)
        rasterise.fill(triangles, b.visible, count, b.screen, b.inverse_depth, b.depth, b.owner)
        image = np.repeat(np.repeat(background, SUPERSAMPLE, axis=0), SUPERSAMPLE, axis=1)
        rasterise.paint(
            triangles, b.owner, b.screen, b.inverse_depth, b.normal, albedo, factors, image
        )
        out = np.empty((self._size, self._size, 3), np.uint8)
        rasterise.to_bytes(image, SUPERSAMPLE, out)
        return out
