"""From aligned pixels to what a network wants to see, as its ``InputSpec`` declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from harness.components import InputSpec


def check_images(images: NDArray[np.uint8], spec: InputSpec) -> None:
    """Refuse anything but uint8 (N, spec.height, spec.width, 3); nothing is resized quietly."""
    if images.dtype != np.uint8 or images.shape[1:] != (spec.height, spec.width, 3):
        raise DataError(
            f"the network wants uint8 images of {spec.width}x{spec.height} RGB pixels but got "
            f"{images.dtype} of shape {images.shape}; align them to its input first"
        )


def to_array(images: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.float32]:
    """uint8 RGB (N, H, W, 3) to float32 (N, 3, H, W), normalised and in ``spec.colour`` order.

    Raises DataError when the images do not have the size of the specification.
    """
    check_images(images, spec)
    ordered = images if spec.colour == "RGB" else images[..., ::-1]
    values = ordered.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    values -= np.asarray(spec.mean, np.float32).reshape(3, 1, 1)
    values /= np.asarray(spec.std, np.float32).reshape(3, 1, 1)
    return np.ascontiguousarray(values)


def to_tensor(
    images: NDArray[np.uint8], spec: InputSpec, device: str | torch.device = "cpu"
) -> torch.Tensor:
    """The same as :func:`to_array` as a tensor on ``device``, in channels-last memory order.

    The bytes travel to the device before they become floats, which is a quarter of the traffic.
    """
    import torch

    check_images(images, spec)
    pixels = torch.from_numpy(np.ascontiguousarray(images)).to(device).permute(0, 3, 1, 2)
    if spec.colour == "BGR":
        pixels = pixels.flip(1)
    mean = torch.tensor(spec.mean, device=device).view(3, 1, 1)
    std = torch.tensor(spec.std, device=device).view(3, 1, 1)
    return pixels.float().div_(255).sub_(mean).div_(std)
