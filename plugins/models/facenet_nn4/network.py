"""The NN4 networks: spec as published by OpenFace, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.plugin.models import WeightsLayout


@dataclass(frozen=True)
class Inception:
    """One inception module: channels of its branches; ``pool`` is ``max`` or ``l2``."""

    three: tuple[int, int]
    five: tuple[int, int] | None
    pool: str
    pool_out: int | None
    one: int | None
    stride: int = 1


NN4 = {
    "3a": Inception((96, 128), (16, 32), "max", 32, 64),
    "3b": Inception((96, 128), (32, 64), "l2", 64, 64),
    "3c": Inception((128, 256), (32, 64), "max", None, None, stride=2),
    "4a": Inception((96, 192), (32, 64), "l2", 128, 256),
    "4b": Inception((112, 224), (32, 64), "l2", 128, 224),
    "4c": Inception((128, 256), (32, 64), "l2", 128, 192),
    "4d": Inception((144, 288), (32, 64), "l2", 128, 160),
    "4e": Inception((160, 256), (64, 128), "max", None, None, stride=2),
    "5a": Inception((192, 384), None, "l2", 128, 384),
    "5b": Inception((192, 384), None, "max", 128, 384),
}

SMALL2 = {name: NN4[name] for name in ("3a", "3b", "3c", "4a", "4e")} | {
    "5a": Inception((96, 384), None, "l2", 96, 256),
    "5b": Inception((96, 384), None, "max", 96, 256),
}

VARIANTS = {"nn4": NN4, "nn4.small2": SMALL2, "nn4.small2.v1": SMALL2}
"""``nn4.small2.v1`` is the geometry of OpenFace's released weights, which pool without padding."""


class LocalResponseNorm(nn.Module):
    """x / (1 + alpha/5 * sum of squares over 5 neighbouring channels)^0.75, alpha 1e-4.

    The sum over channels is a 1x1 convolution with a band of ones, many times faster on a CPU than
    the three-dimensional pooling of ``torch.nn.LocalResponseNorm``, which it equals.
    """

    band: Tensor

    def __init__(self, channels: int, alpha: float = 1e-4) -> None:
        super().__init__()
        index = torch.arange(channels)
        near = (index[:, None] - index[None, :]).abs() <= 2
        self.register_buffer("band", near.float()[:, :, None, None] * (alpha / 5), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (N, C, H, W)."""
        root = F.conv2d(x * x, self.band).add(1).sqrt()
        return x / (root * root.sqrt())


class L2Pool(nn.Module):
    """Root of the sum of squares over 3x3 windows without padding; (H, W) gives (H-2, W-2)."""

    def __init__(self, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Pool (N, C, H, W) in float32, because squares overflow and vanish early in 16 bits."""
        with torch.autocast(x.device.type, enabled=False):
            return F.lp_pool2d(x.float(), 2.0, 3, stride=self.stride)


class InceptionModule(nn.Module):
    """Branches 3x3, 5x5, pool and 1x1, joined on channels, each zero-padded to the largest map."""

    def __init__(self, channels: int, plan: Inception, *, released: bool = False) -> None:
        super().__init__()
        branches = [
            nn.Sequential(*conv(channels, reduce, 1), *conv(reduce, out, kernel, plan.stride))
            for kernel, (reduce, out) in ((3, plan.three), (5, plan.five or (0, 0)))
            if out
        ]
        l2, largest = L2Pool(), nn.MaxPool2d(3, plan.stride, 1)
        if released:
            l2, largest = L2Pool(stride=3), nn.MaxPool2d(3, 2)
        pool = l2 if plan.pool == "l2" else largest
        narrow = conv(channels, plan.pool_out, 1) if plan.pool_out else []
        branches.append(nn.Sequential(pool, *narrow))
        if plan.one:
            branches.append(nn.Sequential(*conv(channels, plan.one, 1)))
        self.branches = nn.ModuleList(branches)
        outs = [plan.three[1], (plan.five or (0, 0))[1], plan.pool_out or channels, plan.one or 0]
        self.out_channels = sum(outs)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (N, C, H, W); gives (N, out_channels, H/stride, W/stride)."""
        maps = [branch(x) for branch in self.branches]
        height, width = (max(m.shape[axis] for m in maps) for axis in (2, 3))
        return torch.cat([pad_to(m, height, width) for m in maps], 1)


class NN4Network(nn.Module):
    """float32 (N, 3, 96, 96) to unit embeddings (N, embedding_size)."""

    def __init__(self, variant: str, embedding_size: int = 128) -> None:
        super().__init__()
        plan, released = VARIANTS[variant], variant.endswith(".v1")
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = nn.Conv2d(64, 64, 1), nn.BatchNorm2d(64)
        self.conv3, self.bn3 = nn.Conv2d(64, 192, 3, 1, 1), nn.BatchNorm2d(192)
        self.norm1, self.norm2 = LocalResponseNorm(64), LocalResponseNorm(192)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.stages = [f"incept{name}" for name in plan]
        channels = 192
        for stage, inception in zip(self.stages, plan.values(), strict=True):
            module = InceptionModule(channels, inception, released=released)
            channels = module.out_channels
            self.add_module(stage, module)
        self.ln = nn.Linear(channels, embedding_size)

    def forward(self, x: Tensor) -> Tensor:
        """Embed (N, 3, 96, 96)."""
        x = self.norm1(self.pool(F.relu(self.bn1(self.conv1(x)))))
        x = F.relu(self.bn2(self.conv2(x)))
        x = self.pool(self.norm2(F.relu(self.bn3(self.conv3(x)))))
        for stage in self.stages:
            x = self.get_submodule(stage)(x)
        x = F.avg_pool2d(x, 3).flatten(1)
        return F.normalize(self.ln(x).float(), dim=1, eps=1e-10)


def draw_scales(network: nn.Module) -> None:
    """Draw every scale of batch norm from U(0, 1), as Torch7 does (its shift starts at 0)."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight)


def conv(channels: int, out: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """Convolution with bias, batch norm and ReLU."""
    return [
        nn.Conv2d(channels, out, kernel, stride, kernel // 2),
        nn.BatchNorm2d(out),
        nn.ReLU(),
    ]


def pad_to(x: Tensor, height: int, width: int) -> Tensor:
    """Surround (N, C, H, W) by zeros; an odd row or column goes to the bottom or right."""
    rows, columns = height - x.shape[2], width - x.shape[3]
    if rows == columns == 0:
        return x
    sides = chain.from_iterable((gap // 2, gap - gap // 2) for gap in (columns, rows))
    return F.pad(x, list(sides))


_STEM = {1: "conv1", 2: "bn1", 6: "conv2", 7: "bn2", 9: "conv3", 10: "bn3", 25: "ln"}
_MODULES = zip((14, 15, 16, 17, 18, 19, 21), SMALL2, strict=True)

OPENFACE_PTH = WeightsLayout(
    "openface.pth",
    "layer1.weight",
    [
        *((rf"layer{number}\.(.*)", rf"{ours}.\1") for number, ours in _STEM.items()),
        *(
            (
                rf"layer{number}\.seq_list\.(\d)\.{step}_(?:conv|bn)\.(.*)",
                rf"incept{name}.branches.\1.{step - 1}.\2",
            )
            for number, name in _MODULES
            for step in (1, 2, 3, 4, 5)
        ),
    ],
)
"""A public port of nn4.small2.v1; the authors' own ``.pt`` has our names."""
