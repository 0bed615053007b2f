"""What one image has of its own, and what is kept of it beside the pixels."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.plugin.generators import MetaValue, Slot

from .params import BfmParams
from .rendering.camera import Camera
from .rendering.render import ColourLook, ColourTransform
from .sampling import FaceView, Pose
from .scene import Turned

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Drawn:
    """What one image has of its own."""

    view: FaceView
    light: Doubles
    light_name: str
    expression: Floats | None  # None: the neutral model


@dataclass(frozen=True)
class Shot:
    """One image before it is drawn: the face ``points`` and ``albedo`` (3, vertices) and the rest.

    ``behind`` uint8 (size, size, 3) is the background, ``place`` what it is called.
    """

    slot: Slot
    drawn: Drawn
    worn: str | None
    points: Floats
    albedo: Floats
    camera: Camera
    behind: Bytes
    place: str


def look(params: BfmParams) -> ColourLook:
    """How colours become bytes."""
    transform = ColourTransform(params.gain, params.contrast, params.offset)
    return ColourLook(transform, truncate=params.rounding == "down")


def degrees(turned: Turned) -> Pose:
    """The pose of a file, whose angles are radians."""
    return Pose(*np.rad2deg([turned.yaw, turned.pitch, turned.roll]).tolist())


def meta_of(drawn: Drawn, camera: Camera, behind: str) -> dict[str, MetaValue]:
    """What is kept with each image, flat; with the coefficients of its seed it is an ``.rps``."""
    view = drawn.view
    return {
        "yaw_deg": view.pose.yaw_deg,
        "pitch_deg": view.pose.pitch_deg,
        "roll_deg": view.pose.roll_deg,
        "camera_scale_px": camera.scale,
        "camera_x_px": camera.cx,
        "camera_y_px": camera.cy,
        "light": drawn.light_name,
        "light_coefficients": json.dumps(np.round(drawn.light.ravel(), 6).tolist()),
        "background": behind,
    }
