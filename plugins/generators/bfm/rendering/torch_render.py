"""Batches of faces rendered by torch, on a GPU or a CPU, as :mod:`.render` renders one.

Which triangle owns a sample is decided by the same integers and the same order of floating-point
operations, so owners agree with the CPU path exactly; colours agree to one level of 256, because a
pixel's samples are taken one by one instead of run by run. Nothing depends on the other images of a
batch, and no operation has a changing order: the same batch gives the same bytes again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..model.morphable import MorphableModel
from ..sampling import Pose
from .camera import DISTANCE_MM, Camera, rotation
from .rasterise import HALF, LAST, SUB
from .render import SUPERSAMPLE, ColourLook, ColourTransform
from .shading import polynomial
from .torch_raster import Mesh, cover, project, unit, vertex_normals

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


class TorchRenderer:
    """Renders batches of faces of one model at one size; arguments as for ``Renderer``."""

    def __init__(
        self,
        model: MorphableModel,
        image_px: int,
        device: torch.device,
        supersample: int = SUPERSAMPLE,
        look: ColourLook | None = None,
    ) -> None:
        self._size, self._step, self._device = image_px, supersample, device
        self._mesh = Mesh(model.triangles, model.vertices, device)
        self._look = look or ColourLook()
        self._mixing = torch.from_numpy(self._look.transform.mixing()).to(device)
        self._offset = torch.tensor(self._look.transform.offset, device=device)

    def render(
        self,
        points: Tensor,
        albedo: Tensor,
        poses: Sequence[Pose],
        lights: NDArray[np.float64],
        backgrounds: Bytes,
        cameras: Sequence[Camera],
    ) -> Bytes:
        """Render ``points`` (B, 3, N) with ``albedo`` (B, 3, N), both float32 on the device.

        ``lights`` is (B, 9, 3), ``backgrounds`` uint8 (B, size, size, 3); returns the same shape.
        """
        turn, frame = self._placed(poses, cameras)
        position, screen, inverse = project(points, turn, DISTANCE_MM, frame)
        nearest = cover(screen, inverse, self._mesh, self._size * self._step)
        attributes = torch.cat([vertex_normals(position, self._mesh), albedo], 1)
        place, covered, sums = self._gather(nearest, screen, inverse, attributes)
        factors = np.stack([polynomial(light) for light in lights])
        colour = self._light(sums, covered, self._to(factors)[place[0]])
        return self._blend(place, covered, colour, self._to(backgrounds)).cpu().numpy()

    def _to(self, values: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self._device)

    def _placed(self, poses: Sequence[Pose], cameras: Sequence[Camera]) -> tuple[Tensor, Tensor]:
        """Rotations (B, 3, 3) and scale and centre in samples (B, 3), float32."""
        turns = [rotation(p.yaw_deg, p.pitch_deg, p.roll_deg) for p in poses]
        frames = [[self._step * value for value in (c.scale, c.cx, c.cy)] for c in cameras]
        return self._to(np.array(turns, np.float32)), self._to(np.array(frames, np.float32))

    def _gather(
        self, nearest: Tensor, screen: Tensor, inverse_depth: Tensor, attributes: Tensor
    ) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor, Tensor]:
        """Covered pixels (image, row, column), their samples' number, and summed attributes."""
        step, size = self._step, self._size
        samples = nearest.view(-1, size, step, size, step).permute(0, 1, 3, 2, 4)
        image, row, column = torch.nonzero((samples > 0).flatten(3).any(3), as_tuple=True)
        keys = samples[image, row, column].flatten(1)
        sums = attributes.new_zeros(attributes.shape[1], len(keys))
        for n in range(step * step):
            key = keys[:, n]
            corner = self._mesh.cells[:, torch.where(key > 0, LAST - (key & LAST), 0)]
            px = (column * step + n % step) * SUB + HALF
            py = (row * step + n // step) * SUB + HALF
            weight = _weights(screen[image, :, corner], px, py) * inverse_depth[image, corner]
            share = (key > 0) / weight.sum(0)
            for k in range(3):
                part = torch.where(key > 0, weight[k] * share, 0.0)
                sums += part * attributes[image, :, corner[k]].T
        return (image, row, column), (keys > 0).sum(1), sums

    def _light(self, sums: Tensor, covered: Tensor, factors: Tensor) -> Tensor:
        """Colours (P, 3) of pixels with ``factors`` (P, 9, 3), not yet clamped."""
        x, y, z = unit(sums[None, :3])[0]
        one = torch.ones_like(x)
        terms = (one, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y)
        radiance = torch.zeros_like(factors[:, 0])
        for i, term in enumerate(terms):
            radiance = radiance + factors[:, i] * term[:, None]
        colour = sums[3:].T * (1.0 / covered.to(torch.float32))[:, None] * radiance
        if self._look.transform == ColourTransform():
            return colour
        mixed = [colour[:, i, None] * self._mixing[:, i] for i in range(3)]
        return mixed[0] + mixed[1] + mixed[2] + self._offset

    def _blend(
        self,
        place: tuple[Tensor, Tensor, Tensor],
        covered: Tensor,
        colour: Tensor,
        image: Tensor,
    ) -> Tensor:
        share = (covered.to(torch.float32) / float(self._step * self._step))[:, None]
        value = (colour * 255).clamp(0, 255)
        behind = image[place].to(torch.float32)
        rounding = 0.0 if self._look.truncate else 0.5
        image = image.clone()
        image[place] = (share * value + (1.0 - share) * behind + rounding).to(torch.uint8)
        return image


def _weights(corners: Tensor, px: Tensor, py: Tensor) -> Tensor:
    """Barycentric weights (3, P), not yet of sum 1, of samples in triangles (3, P, 2) int32."""
    at = corners.to(torch.int64)
    x, y = at[..., 0], at[..., 1]
    parts = []
    for b, c in ((1, 2), (2, 0), (0, 1)):
        parts.append((y[c] - y[b]) * (px - x[b]) + (x[b] - x[c]) * (py - y[b]))
    return torch.stack(parts).to(torch.float32)
