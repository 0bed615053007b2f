"""A plain residual network whose dense convolutions suit a CPU's matrix units."""

from __future__ import annotations

from torch import Tensor, nn

from harness.plugin.models import Whitening

from .contrast import LocalContrast

INPUT_PX = 64
STAGES = ((32, 1), (64, 1), (128, 2), (192, 1))
"""Channels and residual blocks; each stage begins with stride 2, so the last map is 4x4."""


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut, with no activation after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            *layer(channels, channels),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to the same."""
        total: Tensor = x + self.inner(x)
        return total


def layer(channels: int, out: int, stride: int = 1) -> list[nn.Module]:
    """Convolution, batch norm and PReLU."""
    return [
        nn.Conv2d(channels, out, 3, stride, 1, bias=False),
        nn.BatchNorm2d(out),
        nn.PReLU(out),
    ]


def small_resnet(
    embedding_size: int = 128, dropout: float = 0.2, local_contrast_px: float | None = None
) -> nn.Sequential:
    """Float32 (N, 3, 64, 64) to raw embeddings (N, embedding_size).

    Each image is brought to mean 0 and variance 1 first, all channels together: how bright and how
    rich in contrast a photograph is says nothing of the person, and least where it is rendered.
    With ``local_contrast_px`` each part of it is, too. The last layer is a whitening that training
    steps leave alone.
    """
    parts: list[nn.Module] = [nn.GroupNorm(1, 3, affine=False)]
    if local_contrast_px is not None:
        parts.append(LocalContrast(INPUT_PX, local_contrast_px))
    channels = 3
    for out, blocks in STAGES:
        parts += [*layer(channels, out, 2), *(ResidualBlock(out) for _ in range(blocks))]
        channels = out
    side = INPUT_PX >> len(STAGES)
    return nn.Sequential(
        *parts,
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(channels * side * side, embedding_size),
        nn.BatchNorm1d(embedding_size),
        Whitening(embedding_size),
    )
