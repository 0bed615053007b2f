"""Pose and pinhole camera: from the model's millimetres to pixels.

Angles and signs are those of the published generator: M = T Rz(roll) Ry(yaw) Rx(pitch), the camera
at the origin looking along -z, f = 50 and a sensor of 15 x 15 at a distance of 1000 mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

DISTANCE_MM = 1000.0
FOCAL = 50.0
SENSOR = 15.0

BOX_LANDMARKS = (
    "left.face.side",
    "right.face.side",
    "center.nose.tip",
    "center.front.trichion",
    "center.chin.tip",
    "left.eyebrow.bend.lower",
    "right.eyebrow.bend.lower",
)
"""What spans the face box; the sides of the face stand for the ears, which the model lacks."""

CENTRE_LANDMARKS = ("left.nose.wing.tip", "right.nose.wing.tip")


@lru_cache(maxsize=64)
def rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Doubles:
    """``Rz(roll) Ry(yaw) Rx(pitch)``, float64 (3, 3).

    Positive yaw moves the nose to +x (image right), positive pitch down, positive roll turns
    counter-clockwise in the image. Read-only, for an image asks several times.
    """
    yaw, pitch, roll = np.deg2rad([yaw_deg, pitch_deg, roll_deg])
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(roll), np.sin(roll)
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    product: Doubles = np.einsum("ij,jk,kl->il", about_z, about_y, about_x)
    product.setflags(write=False)
    return product


@dataclass(frozen=True)
class Camera:
    """Pixels = ``scale * (x, -y) / depth + (cx, cy)``, origin at the top-left image corner."""

    scale: float
    cx: float
    cy: float

    def project(self, points: Doubles) -> Doubles:
        """Camera-space points (3, N) to pixels (2, N), corner origin."""
        inverse = self.scale / -points[2]
        return np.stack([points[0] * inverse + self.cx, self.cy - points[1] * inverse])


def posed(points: Floats, turn: Doubles) -> Doubles:
    """Model points (3, N) in camera space: turned and moved to the camera's distance."""
    # einsum without BLAS: the same sum for any number of points.
    out: Doubles = np.einsum("ij,jn->in", turn, points.astype(np.float64))
    out[2] -= DISTANCE_MM
    return out


def face_camera(box: Doubles, centre: Doubles, image_px: int, box_scale: float) -> Camera:
    """Camera whose image is a face box: ``box_scale`` times as large, centred on ``centre``.

    ``box`` (3, K) spans the face and the mean of ``centre`` (3, M) becomes the image centre; all in
    camera space. With ``box_scale`` 1 this is the published ``facebox`` centring.
    """
    plain = Camera(FOCAL / SENSOR, 0.0, 0.0)
    spread = np.ptp(plain.project(box), axis=1)
    zoom = image_px / (float(spread.max()) * box_scale)
    middle = plain.project(centre.mean(axis=1, keepdims=True))[:, 0] * zoom
    half = image_px / 2
    return Camera(plain.scale * zoom, half - float(middle[0]), half - float(middle[1]))
