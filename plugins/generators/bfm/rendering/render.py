"""One image from a posed, lit and painted face, with its five landmarks and face box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model.morphable import MorphableModel
from ..sampling import Pose
from . import rasterise, resolve
from .camera import (
    BOX_LANDMARKS,
    CENTRE_LANDMARKS,
    DISTANCE_MM,
    Camera,
    face_camera,
    posed,
    rotation,
)
from .shading import polynomial

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

SUPERSAMPLE = 2
"""Samples along each side of a pixel, unless told otherwise."""

LUMINANCE = (0.3, 0.59, 0.11)

FIVE_LANDMARKS = (
    "right.eye.pupil.center",
    "left.eye.pupil.center",
    "center.nose.tip",
    "right.lips.corner",
    "left.lips.corner",
)
"""The subject's right is the left of the image."""


@dataclass(frozen=True)
class ColourTransform:
    """After shading: ``gain * (contrast * c + (1 - contrast) * luminance(c)) + offset``, RGB."""

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def mixing(self) -> Floats:
        """The transform's linear part as float32 (3, 3)."""
        grey = (1 - self.contrast) * np.array([LUMINANCE] * 3)
        mixed = np.array(self.gain)[:, None] * (self.contrast * np.eye(3) + grey)
        return mixed.astype(np.float32)


@dataclass(frozen=True)
class Rendering:
    """``pixels`` uint8 RGB (size, size, 3); landmarks and box as in ``harness.faces.face.Face``.

    ``camera`` is the one that was used, in pixels of this image.
    """

    pixels: Bytes
    landmarks: Floats
    box: Floats
    camera: Camera


@dataclass(frozen=True)
class ColourLook:
    """How shaded colours become bytes."""

    transform: ColourTransform = ColourTransform()
    truncate: bool = False


class Renderer:
    """Renders faces of one model at one size; not to be shared between threads.

    ``supersample`` is the number of coverage samples along each side of a pixel; 1 gives hard
    edges. Every pixel is shaded once, with the mean normal and albedo of its covered samples.
    """

    def __init__(
        self,
        model: MorphableModel,
        image_px: int,
        box_scale: float,
        supersample: int = SUPERSAMPLE,
        look: ColourLook | None = None,
    ) -> None:
        self._size = image_px
        self._step = supersample
        self._box_scale = box_scale
        self._five = model.vertex(*FIVE_LANDMARKS)
        self._box = model.vertex(*BOX_LANDMARKS)
        self._centre = model.vertex(*CENTRE_LANDMARKS)
        self._triangles = rasterise.unsigned(model.triangles)
        self._buffers = rasterise.Buffers(
            model.vertices, len(self._triangles), image_px * supersample
        )
        self._pixels = resolve.Pixels(image_px, supersample)
        self._look = look or ColourLook()
        self._mixing = self._look.transform.mixing()
        self._offset = np.array(self._look.transform.offset, np.float32)
        self._rounding = np.float32(0.0 if self._look.truncate else 0.5)

    def render(
        self,
        points: Floats,
        albedo: Floats,
        pose: Pose,
        light: NDArray[np.float64],
        background: Floats | Bytes,
        camera: Camera | None = None,
    ) -> Rendering:
        """Render ``points`` (3, N, millimetres) with ``albedo`` (3, N) over ``background``.

        ``light`` is (9, 3), see :mod:`.shading`; ``background`` is (size, size, 3), bytes or floats
        0..1. Without a ``camera`` the image is the face box, see :func:`.camera.face_camera`.
        """
        turn = rotation(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)
        if camera is None:
            box, centre = (posed(points[:, v], turn) for v in (self._box, self._centre))
            camera = face_camera(box, centre, self._size, self._box_scale)
        pixels = self._draw(points, albedo, turn, camera, polynomial(light), as_bytes(background))
        return self.marked(pixels, points, pose, camera)

    def marked(self, pixels: Bytes, points: Floats, pose: Pose, camera: Camera) -> Rendering:
        """``pixels`` that show ``points`` (3, N), with landmarks and box."""
        turn = rotation(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)
        # From the corner of the top-left pixel to its centre.
        five = camera.project(posed(points[:, self._five], turn)).T - 0.5
        corners = camera.project(posed(points[:, self._box], turn)) - 0.5
        middle = (corners.min(axis=1) + corners.max(axis=1)) / 2
        half = np.ptp(corners, axis=1).max() / 2
        around = np.concatenate([middle - half, middle + half])
        return Rendering(pixels, five.astype(np.float32), around.astype(np.float32), camera)

    def _draw(
        self,
        points: Floats,
        albedo: Floats,
        turn: NDArray[np.float64],
        camera: Camera,
        factors: Floats,
        image: Bytes,
    ) -> Bytes:
        b, p = self._buffers, self._pixels
        cover(b, self._triangles, points, turn, camera, self._step)
        rasterise.vertex_normals(self._triangles, b.position, b.attributes)
        rasterise.colour_vertices(albedo, b.attributes)
        count = resolve.shade_pixels(
            self._triangles,
            b.nearest,
            self._step,
            b.screen,
            b.inverse_depth,
            b.attributes,
            factors,
            p.runs,
            p.place,
            p.covered,
            p.sums,
        )
        if self._look.transform != ColourTransform():
            resolve.transform(p.sums[3:], count, self._mixing, self._offset)
        samples = self._step * self._step
        resolve.blend(p.sums, p.place, p.covered, count, samples, self._rounding, image)
        return image


def cover(
    buffers: rasterise.Buffers,
    triangles: NDArray[np.uint32],
    points: Floats,
    turn: NDArray[np.float64],
    camera: Camera,
    step: int,
) -> None:
    """Project the posed mesh and find which triangle owns each of ``step`` x ``step`` samples."""
    b = buffers
    scale, cx, cy = (np.float32(step * value) for value in (camera.scale, camera.cx, camera.cy))
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
    count = rasterise.cull(triangles, b.screen, len(b.nearest), b.visible)
    rasterise.fill(triangles, b.visible, count, b.screen, b.inverse_depth, b.nearest)


def as_bytes(background: Floats | Bytes) -> Bytes:
    """A copy of the background to draw on, as uint8."""
    if background.dtype == np.uint8:
        return background.astype(np.uint8, order="C")
    levels: Bytes = np.rint(np.clip(background, 0, 1) * 255).astype(np.uint8, order="C")
    return levels
