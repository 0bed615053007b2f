"""MobileFaceNet in its two public forms, and the key layouts of their weights."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from harness.plugin.models import WeightsLayout

Variant = Literal["prelu", "relu"]

STAGES = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
"""Expansion, channels, repeats, stride of the first."""


def unit(
    channels: int,
    out: int,
    kernel: int | tuple[int, int] = 1,
    stride: int = 1,
    *,
    act: str | None = None,
    depthwise: bool = False,
    bias: bool = False,
) -> nn.Sequential:
    """Convolution, batch norm and an activation (``prelu``, ``relu``, ``relu6`` or none)."""
    groups = channels if depthwise else 1
    padding = 1 if kernel == 3 else 0
    conv = nn.Conv2d(channels, out, kernel, stride, padding, groups=groups, bias=bias)
    ends: dict[str, nn.Module] = {"relu": nn.ReLU(), "relu6": nn.ReLU6(), "prelu": nn.PReLU(out)}
    return nn.Sequential(conv, nn.BatchNorm2d(out), *([ends[act]] if act else []))


class Bottleneck(nn.Module):
    """Expand, depthwise with the stride, project without activation; residual where it fits."""

    def __init__(self, channels: int, out: int, stride: int, expansion: int, act: str) -> None:
        super().__init__()
        wide = channels * expansion
        self.expand = unit(channels, wide, act=act)
        self.spatial = unit(wide, wide, 3, stride, act=act, depthwise=True)
        self.project = unit(wide, out)
        self.residual = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, out, H/stride, W/stride)."""
        y: Tensor = self.project(self.spatial(self.expand(x)))
        return x + y if self.residual else y


class MobileFaceNetNetwork(nn.Module):
    """float32 (N, 3, 112, width) to raw embeddings (N, embedding_size)."""

    def __init__(self, variant: Variant, width: int = 112, embedding_size: int = 128) -> None:
        super().__init__()
        separable = variant == "relu"
        act = "relu6" if separable else "prelu"
        first = "relu" if separable else "prelu"
        self.stem = unit(3, 64, 3, 2, act=act)
        self.first = nn.Sequential(unit(64, 64, 3, act=first, depthwise=True))
        if separable:
            self.first.append(unit(64, 64, act=first))
        blocks = []
        channels = 64
        for expansion, out, repeats, stride in STAGES:
            for index in range(repeats):
                blocks.append(
                    Bottleneck(channels, out, stride if index == 0 else 1, expansion, act)
                )
                channels = out
        self.blocks = nn.Sequential(*blocks)
        self.last = unit(channels, 512, act=act)
        self.pool = unit(512, 512, (7, width // 16), depthwise=True)
        self.embed = unit(512, embedding_size, bias=separable)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Embed (N, 3, 112, width); the embedding keeps its norm."""
        x = self.last(self.blocks(self.first(self.stem(x))))
        embedding: Tensor = self.embed(self.pool(x)).flatten(1)
        return embedding


_BLOCK = r"(?:features|blocks)\.(\d+)\.conv"

FOAMLIU = WeightsLayout(
    "foamliu",
    "dw_conv.depthwise.weight",
    [
        (r"conv1\.(.*)", r"stem.\1"),
        (r"dw_conv\.depthwise\.(.*)", r"first.0.0.\1"),
        (r"dw_conv\.bn1\.(.*)", r"first.0.1.\1"),
        (r"dw_conv\.pointwise\.(.*)", r"first.1.0.\1"),
        (r"dw_conv\.bn2\.(.*)", r"first.1.1.\1"),
        (rf"{_BLOCK}\.0\.(.*)", r"blocks.\1.expand.\2"),
        (rf"{_BLOCK}\.1\.(.*)", r"blocks.\1.spatial.\2"),
        (rf"{_BLOCK}\.2\.(.*)", r"blocks.\1.project.0.\2"),
        (rf"{_BLOCK}\.3\.(.*)", r"blocks.\1.project.1.\2"),
        (r"conv2\.(.*)", r"last.\1"),
        (r"gdconv\.depthwise\.(.*)", r"pool.0.\1"),
        (r"gdconv\.bn\.(.*)", r"pool.1.\1"),
        (r"conv3\.(.*)", r"embed.0.\1"),
        (r"bn\.(.*)", r"embed.1.\1"),
    ],
)

_UNITS = {"conv1": "stem", "dw_conv1": "first.0", "conv2": "last", "linear7": "pool"}

XIAOCCER = WeightsLayout(
    "Xiaoccer",
    "dw_conv1.conv.weight",
    [
        *(
            (rf"{theirs}\.{part}\.(.*)", rf"{ours}.{number}.\1")
            for theirs, ours in (_UNITS | {"linear1": "embed"}).items()
            for number, part in enumerate(("conv", "bn", "prelu"))
        ),
        *(
            (rf"{_BLOCK}\.{number}\.(.*)", rf"blocks.\1.{ours}.\2")
            for number, ours in enumerate(
                f"{part}.{index}"
                for part, size in (("expand", 3), ("spatial", 3), ("project", 2))
                for index in range(size)
            )
        ),
    ],
)
