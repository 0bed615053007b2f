"""The ICT-FaceKit model, from its folder of OBJ files or the same packed as one ``.npz``.

Centimetres become millimetres, quadrangles two triangles, the 68 iBUG points named landmarks. Head,
eyeballs, gums and teeth are drawn, transparent parts and lashes left out. The model has no colours:
skin takes those of the embedded model, from the nearest point after a similarity transform by
landmarks; eyes and mouth have one colour each. Expressions are blend shapes, weights of 0..1.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError

from .ict_files import INDICES, read_parts
from .landmarks import NEEDED, complete
from .morphable import Modes, MorphableModel

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_MM = 10.0
_SKIN = ("M_Face", "M_BackHead")
_DRAWN: dict[str, tuple[float, float, float]] = {
    "M_GumsTongue": (0.45, 0.16, 0.15),
    "M_Teeth": (0.80, 0.76, 0.68),
    "M_ScleraLeft": (0.80, 0.77, 0.74),
    "M_ScleraRight": (0.80, 0.77, 0.74),
}
_IRIS, _IRIS_MM = (0.24, 0.15, 0.09), 5.9
_PUPIL, _PUPIL_MM = (0.03, 0.03, 0.03), 2.0
_IBUG = {
    "center.chin.tip": 8,
    "right.eyebrow.bend.lower": 19,
    "left.eyebrow.bend.lower": 24,
    "center.nose.tip": 30,
    "right.nose.wing.tip": 31,
    "left.nose.wing.tip": 35,
    "right.eye.corner_outer": 36,
    "right.eye.corner_inner": 39,
    "left.eye.corner_inner": 42,
    "left.eye.corner_outer": 45,
    "right.lips.corner": 48,
    "left.lips.corner": 54,
}
_EYES = {"right.eye.pupil.center": "M_ScleraRight", "left.eye.pupil.center": "M_ScleraLeft"}
_FOREHEAD = 84 / 74
"""Trichion above nose tip, in heights of the nose tip above the chin, as on the Basel mean."""
_EAR_REACH_MM = 40.0


def read_ict(folder: Path, embedded: Callable[[], MorphableModel]) -> MorphableModel:
    """The model of a folder, in the embedded model's colours.

    Raises ``DataError`` naming the file that is missing or does not fit.
    """
    parts = read_parts(folder)
    material = np.array(parts.materials)
    drawn = np.isin(material, (*_SKIN, *_DRAWN))
    used = np.unique(parts.quads[drawn])
    used = used[used >= 0]
    if not len(used):
        raise DataError(f"{folder}: no polygon has one of the materials {', '.join(_SKIN)}")
    number = np.full(len(parts.neutral) + 1, -1)
    number[used] = np.arange(len(used))
    points = np.ascontiguousarray(parts.neutral[used].T) * np.float32(_MM)
    groups = {name: np.unique(number[parts.quads[material == name]]) for name in (*_SKIN, *_DRAWN)}
    groups = {name: vertices[vertices >= 0] for name, vertices in groups.items()}
    landmarks = _landmarks(points, groups, number[parts.ibug], folder)
    return MorphableModel(
        shape=_millimetres(points, parts.identity[:, used]),
        colour=_colours(points, groups, landmarks, embedded()),
        expression=_millimetres(np.zeros_like(points), parts.expression[:, used]),
        triangles=_triangles(number[parts.quads[drawn]]),
        landmarks=landmarks,
        name="ict-facekit",
        blend_shapes=True,
    )


def _triangles(quads: Ints) -> NDArray[np.int32]:
    second = quads[quads[:, 3] >= 0]
    whole = np.concatenate([quads[:, :3], second[:, [0, 2, 3]]])
    return np.ascontiguousarray(whole.T, np.int32)


def _landmarks(points: Floats, groups: dict[str, Ints], ibug: Ints, folder: Path) -> dict[str, int]:
    found = {name: int(ibug[index]) for name, index in _IBUG.items()}
    for name, eye in _EYES.items():
        if not len(groups[eye]):
            raise DataError(f"{folder}: no polygon has the material {eye}")
        found[name] = int(groups[eye][np.argmax(points[2, groups[eye]])])
    skin = np.concatenate([groups[name] for name in _SKIN])
    chin, tip = (points[1, found[name]] for name in ("center.chin.tip", "center.nose.tip"))
    middle = skin[(np.abs(points[0, skin]) < 2.0) & (points[2, skin] > 0)]
    high = tip + _FOREHEAD * (tip - chin)
    found["center.front.trichion"] = int(middle[np.argmin(np.abs(points[1, middle] - high))])
    # Ears only: below them the neck is wider.
    level = points[1, found["left.eye.pupil.center"]]
    ears = skin[np.abs(points[1, skin] - level) < _EAR_REACH_MM]
    found["left.ear.helix.outer"] = int(ears[np.argmax(points[0, ears])])
    found["right.ear.helix.outer"] = int(ears[np.argmin(points[0, ears])])
    if min(found.values()) < 0:
        raise DataError(f"{folder / INDICES} names landmarks that are on no skin")
    return found


def _millimetres(mean: Floats, offsets: Floats) -> Modes:
    return Modes.of(mean, offsets.transpose(0, 2, 1), np.full(len(offsets), _MM))


def _colours(
    points: Floats, groups: dict[str, Ints], landmarks: dict[str, int], embedded: MorphableModel
) -> Modes:
    """Skin from the nearest point of the embedded model, eyes and mouth in one colour each."""
    from scipy.spatial import cKDTree

    ours = complete(landmarks, points, Path("ict-facekit"))
    moved = _similar(
        points,
        points[:, [ours[n] for n in NEEDED]],
        embedded.shape.mean[:, embedded.vertex(*NEEDED)],
    )
    _, near = cKDTree(embedded.shape.mean.T.astype(np.float64)).query(moved.T)
    mean = embedded.colour.mean[:, near]
    basis = embedded.colour.basis[:, :, near]
    for name, rgb in _DRAWN.items():
        mean[:, groups[name]] = np.array(rgb, np.float32)[:, None]
        basis[:, :, groups[name]] = 0
        if name.startswith("M_Sclera"):
            _paint_eye(mean, points, groups[name])
    return Modes.of(mean, basis)


def _paint_eye(colour: Floats, points: Floats, eye: Ints) -> None:
    """Iris and pupil around the foremost point of an eyeball, in place."""
    ball = points[:, eye]
    centre = (ball.min(axis=1) + ball.max(axis=1)) / 2
    off = np.hypot(ball[0] - centre[0], ball[1] - centre[1])
    for rgb, radius in ((_IRIS, _IRIS_MM), (_PUPIL, _PUPIL_MM)):
        inside = eye[(ball[2] > centre[2]) & (off <= radius)]
        colour[:, inside] = np.array(rgb, np.float32)[:, None]


def _similar(points: Floats, source: Floats, target: Floats) -> NDArray[np.float64]:
    """``points`` moved by the similarity that brings ``source`` closest to ``target`` (3, N).

    Umeyama 1991, "Least-squares estimation of transformation parameters", equations 40 to 43.
    """
    a, b = source.astype(np.float64), target.astype(np.float64)
    middle_a, middle_b = a.mean(axis=1, keepdims=True), b.mean(axis=1, keepdims=True)
    left, singular, right = np.linalg.svd((b - middle_b) @ (a - middle_a).T)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    turn = (left * sign) @ right
    scale = (singular * sign).sum() / ((a - middle_a) ** 2).sum()
    out: NDArray[np.float64] = scale * (turn @ (points - middle_a)) + middle_b
    return out
