"""Head pose from five landmarks: the turn of a rigid mean face that puts its points there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.align.warp import spread, unusable

FACE_MM: NDArray[np.float64] = np.array(
    [[-31.4, 29.9, -28.4], [31.4, 29.9, -28.4], [0.0, -10.2, 0.0],
     [-26.0, -42.0, -34.2], [26.0, -42.0, -34.2]]
)  # fmt: skip
"""Pupils, tip of the nose and corners of the mouth of the embedded model's mean face; x to the
image right, y up, z to the camera."""

FAR = 20.0
"""Focal length in spreads of the landmarks: a camera about 20 faces away, as of portraits."""

_FLIP = np.diag([1.0, -1.0, -1.0])  # OpenCV has y down and z away from the camera


def pose_from_landmarks(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Yaw, pitch and roll in degrees, float64 (N, 3), of landmarks (N, 5, 2) in pixels.

    Perspective-n-point by SQPnP (Terzakis & Lourakis 2020), whose optimum is global. Positive yaw
    moves the nose to the image right, positive pitch down, positive roll turns counter-clockwise.
    NaN where landmarks are not finite or coincide. A face that differs from the mean face in shape
    or expression has another pitch by some degrees, and beyond about 60 degrees of yaw five points
    say little.
    """
    return np.array([_pose(points) for points in landmarks], np.float64).reshape(-1, 3)


def _pose(points: NDArray[np.floating]) -> tuple[float, float, float]:
    import cv2

    if unusable(points):
        return (np.nan,) * 3
    focal = FAR * float(spread(points))
    middle = np.asarray(points, np.float64).mean(0)
    camera = np.array([[focal, 0, middle[0]], [0, focal, middle[1]], [0, 0, 1]])
    found, turn, _ = cv2.solvePnP(
        FACE_MM @ _FLIP, np.asarray(points, np.float64), camera, None, flags=cv2.SOLVEPNP_SQPNP
    )
    if not found or not np.isfinite(turn).all():
        return (np.nan,) * 3
    rotation = _FLIP @ cv2.Rodrigues(turn)[0] @ _FLIP
    yaw = np.arcsin(np.clip(-rotation[2, 0], -1, 1))
    pitch = np.arctan2(rotation[2, 1], rotation[2, 2])
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return float(np.rad2deg(yaw)), float(np.rad2deg(pitch)), float(np.rad2deg(roll))
