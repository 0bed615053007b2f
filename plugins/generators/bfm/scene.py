"""Everything that decides one image, in the units of the published ``.rps`` files.

Angles in radians, millimetres, principal point in half images with y up. A place in pixels has
(0, 0) at the centre of the top-left pixel, which is where that software samples it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError

from .rendering.camera import DISTANCE_MM, FOCAL, SENSOR, Camera, rotation
from .rendering.shading import KERNEL, basis, radiance
from .sampling import Pose

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Triple = tuple[float, float, float]

SQUARE = 1e-6
"""How far the two sides of a pixel may differ, relatively."""


@dataclass(frozen=True)
class Turned:
    """A rotation Rz(roll) Ry(yaw) Rx(pitch), then a shift; of the head, or of the camera."""

    translation: Triple = (0.0, 0.0, 0.0)
    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0

    def matrix(self) -> Doubles:
        """The rotation, float64 (3, 3)."""
        return rotation(*np.rad2deg([self.yaw, self.pitch, self.roll]))


@dataclass(frozen=True)
class Scene:
    """Pose, camera, light and coefficients of one image."""

    light: Doubles  # (9, 3)
    pose: Turned = field(default_factory=lambda: Turned((0.0, 0.0, -DISTANCE_MM)))
    scaling: float = 1.0
    view: Turned = field(default_factory=Turned)
    focal: float = FOCAL
    sensor: tuple[float, float] = (SENSOR, SENSOR)
    near: float = 10.0
    far: float = 1e6
    principal: tuple[float, float] = (0.0, 0.0)
    orthographic: bool = False
    width: int = 227
    height: int = 227
    shape: tuple[float, ...] = ()
    colour: tuple[float, ...] = ()
    expression: tuple[float, ...] = ()
    styles: tuple[float, ...] = ()
    model: str = ""
    gain: Triple = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    offset: Triple = (0.0, 0.0, 0.0)

    def seen(self, points: Doubles) -> Doubles:
        """Model points (3, N) in camera space: right, up, towards the viewer."""
        head = np.einsum("ij,jn->in", self.pose.matrix(), points) * self.scaling
        world = head + np.array(self.pose.translation)[:, None]
        about = world - np.array(self.view.translation)[:, None]
        out: Doubles = np.einsum("ji,jn->in", self.view.matrix(), about)
        return out

    def camera(self) -> Camera:
        """The pinhole; its pixels count from the corner of the image, half a pixel further."""
        across, down = self.focal / self.sensor[0] * self.width, self.focal / self.sensor[1]
        if self.orthographic or abs(down * self.height / across - 1) > SQUARE:
            raise DataError(
                "orthographic cameras and pixels that are not square are not rendered; change "
                "camera.orthographic, sensorSize or imageSize"
            )
        x, y = self.principal
        return Camera(across, self.width / 2 * (1 + x) + 0.5, self.height / 2 * (1 - y) + 0.5)

    def pixels(self, points: Doubles) -> Doubles:
        """Model points (3, N) in pixels (2, N), (0, 0) at the centre of the top-left one."""
        return self.camera().project(self.seen(points)) - 0.5

    def with_camera(self, camera: Camera) -> Scene:
        """The same scene with ``camera``, as focal length, sensor and principal point."""
        side = self.focal * self.width / camera.scale
        x = 2 * (camera.cx - 0.5) / self.width - 1
        y = 1 - 2 * (camera.cy - 0.5) / self.height
        return replace(
            self, sensor=(side, side * self.height / self.width), principal=(float(x), float(y))
        )


FRONT = Pose(0.0, 0.0, 0.0)


def placed(points: Floats, scene: Scene) -> Floats:
    """Model points moved so that a face held straight at the usual distance shows the scene."""
    seen = scene.seen(points.astype(np.float64))
    seen[2] += DISTANCE_MM
    return seen.astype(np.float32)


def camera_light(scene: Scene) -> Doubles:
    """The light (9, 3) on normals in camera space."""
    turn: Doubles = scene.view.matrix()
    if np.array_equal(turn, np.eye(3)):
        return scene.light
    # Turned spherical harmonics are again such of the same degree: nine normals decide them.
    normals = _NORMALS / np.linalg.norm(_NORMALS, axis=1, keepdims=True)
    plain = KERNEL * basis(normals)
    return np.asarray(np.linalg.solve(plain, radiance(normals @ turn.T, scene.light)), np.float64)


_NORMALS = np.array(
    [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1], [-1, 1, 1], [1, -2, 3],
     [-3, 2, -1]], np.float64
)  # fmt: skip
