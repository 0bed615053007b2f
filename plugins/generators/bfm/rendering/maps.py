"""Maps of one rendering: depth, normals, albedo, illumination, correspondence and regions.

All are uint8 RGB (size, size, 3) with one sample per pixel, taken at its centre, hard edges and
black outside the face, as the published generator writes them beside an image.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..model.morphable import MorphableModel
from ..model.regions import Regions
from ..sampling import Pose
from . import rasterise
from .camera import Camera, rotation
from .render import cover
from .shading import radiance

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bytes = NDArray[np.uint8]

Kind = Literal["depth", "correspondence", "normals", "albedo", "illumination"]
KINDS: tuple[Kind, ...] = ("depth", "correspondence", "normals", "albedo", "illumination")

GREY = 0.5
"""Albedo of the illumination map."""


@dataclass(frozen=True)
class MapView:
    """What is seen: a face (3, N) in millimetres, its albedo (3, N), pose, light (9, 3), camera."""

    points: Floats
    albedo: Floats
    pose: Pose
    light: Doubles
    camera: Camera


@dataclass(frozen=True)
class Maps:
    """``images`` by kind or region map. ``depth_mm`` is the range of the depth map.

    A level v of 0..255 stands for the distance z along the optical axis with
    1 / z = v / 255 (1 / nearest - 1 / farthest) + 1 / farthest; (0, 0) if nothing is seen.
    """

    images: Mapping[str, Bytes]
    depth_mm: tuple[float, float]


@dataclass(frozen=True)
class _Surface:
    """The seen points: pixel (n, 2), triangle (n,), its corners and their weights (n, 3)."""

    pixel: NDArray[np.int64]
    triangle: NDArray[np.int32]
    corners: NDArray[np.int64]
    weights: Doubles

    def mean(self, values: Floats) -> Doubles:
        """Per-vertex ``values`` (C, N) at the seen points, (n, C)."""
        out: Doubles = np.einsum("nk,cnk->nc", self.weights, values[:, self.corners])
        return out


class Mapper:
    """Draws maps for one model at one size; not to be shared between threads."""

    def __init__(self, model: MorphableModel, image_px: int) -> None:
        self._size = image_px
        self._triangles = rasterise.unsigned(model.triangles)
        self._buffers = rasterise.Buffers(model.vertices, len(self._triangles), image_px)
        self._place = _unit_box(model.shape.mean + model.expression.mean)

    def draw(
        self,
        view: MapView,
        kinds: Iterable[Kind] = KINDS,
        regions: Mapping[str, Regions] | None = None,
    ) -> Maps:
        """The maps of the given ``kinds`` and of each of the named ``regions``.

        depth: 255 nearest, 0 farthest, by inverse distance, and 0 outside. correspondence: the
        point's place on the mean mesh in its bounding box. normals: 0.5 - n / 2, n in camera space.
        albedo: unlit. illumination: an albedo of 0.5 in the light. Regions are looked up by
        triangle, never interpolated.
        """
        surface = self._seen(view)
        images: dict[str, Bytes] = {}
        for kind in kinds:
            values = np.clip(np.rint(255 * self._values(kind, surface, view)), 0, 255)
            images[kind] = self._image(surface, values.astype(np.uint8))
        for name, found in (regions or {}).items():
            images[name] = self._image(surface, found.colours[found.labels[surface.triangle]])
        inverse = self._inverse_depth(surface)
        span = (float(1 / inverse.max()), float(1 / inverse.min())) if len(inverse) else (0.0, 0.0)
        return Maps(images, span)

    def _seen(self, view: MapView) -> _Surface:
        b, pose = self._buffers, view.pose
        turn = rotation(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)
        cover(b, self._triangles, view.points, turn, view.camera, 1)
        rasterise.vertex_normals(self._triangles, b.position, b.attributes)
        owner = rasterise.owners(b.nearest)
        pixel = np.argwhere(owner >= 0)
        triangle = owner[owner >= 0]
        corners = self._triangles[triangle].astype(np.int64)
        at = pixel[:, ::-1] + 0.5
        places = np.asarray(b.screen[corners], np.float64) / rasterise.SUB
        weights = _weights(at.astype(np.float64), places) * b.inverse_depth[corners]
        return _Surface(pixel, triangle, corners, weights / weights.sum(axis=1, keepdims=True))

    def _inverse_depth(self, surface: _Surface) -> Doubles:
        depth = np.einsum("nk,nk->n", surface.weights, 1 / self._buffers.inverse_depth.astype(float)
                          [surface.corners])  # fmt: skip
        inverse: Doubles = 1 / depth
        return inverse

    def _values(self, kind: Kind, surface: _Surface, view: MapView) -> Doubles:
        """Values 0..1 at the seen points, (n, 3)."""
        if kind == "depth":
            inverse = self._inverse_depth(surface)
            return np.repeat(_stretched(inverse)[:, None], 3, axis=1)
        if kind == "correspondence":
            return surface.mean(self._place)
        if kind == "albedo":
            return surface.mean(view.albedo)
        normals = surface.mean(np.ascontiguousarray(self._buffers.attributes[:, :3].T))
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        return GREY * radiance(normals, view.light) if kind == "illumination" else (1 - normals) / 2

    def _image(self, surface: _Surface, values: Bytes) -> Bytes:
        image = np.zeros((self._size, self._size, 3), np.uint8)
        image[surface.pixel[:, 0], surface.pixel[:, 1]] = values
        return image


def _weights(at: Doubles, corners: Doubles) -> Doubles:
    """Barycentric weights (n, 3), not yet of sum 1, of points (n, 2) in triangles (n, 3, 2)."""
    gap = corners - at[:, None]
    after, last = np.roll(gap, -1, axis=1), np.roll(gap, -2, axis=1)
    out: Doubles = after[..., 0] * last[..., 1] - after[..., 1] * last[..., 0]
    return out


def _unit_box(points: Floats) -> Floats:
    """Points (3, N) scaled by their bounding box to 0..1."""
    low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    out: Floats = (points - low) / (high - low)
    return out


def _stretched(values: Doubles) -> Doubles:
    """Values from their least to their greatest as 0..1; a single value is 1."""
    if not len(values) or values.min() == values.max():
        return np.ones_like(values)
    out: Doubles = (values - values.min()) / np.ptp(values)
    return out
